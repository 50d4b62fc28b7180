import { describe, expect, it } from "vitest";
import type { ConversationView } from "../../api/types";
import { arrange, neighbour } from "./order";

const rows = (...ids: string[]) => ids.map((id) => ({ id })) as ConversationView[];

describe("a list of conversations", () => {
  it("follows the server while at rest", () => {
    expect(arrange(["a", "b"], rows("c", "b", "a"), false)).toEqual({ order: ["c", "b", "a"], fresh: 0 });
  });

  it("keeps its places and counts new rows while somebody points at it", () => {
    expect(arrange(["a", "b"], rows("c", "b", "d", "a"), true)).toEqual({ order: ["a", "b"], fresh: 2 });
  });

  it("keeps the place of a row that left", () => {
    expect(arrange(["a", "b"], rows("b"), true)).toEqual({ order: ["a", "b"], fresh: 0 });
  });

  it("shows the first rows at once even under the pointer", () => {
    expect(arrange([], rows("a"), true)).toEqual({ order: ["a"], fresh: 0 });
  });
});

describe("the neighbour for the keyboard", () => {
  it("is the next or the previous row and stops at the ends", () => {
    expect(neighbour(["a", "b"], "a", 1)).toBe("b");
    expect(neighbour(["a", "b"], "b", -1)).toBe("a");
    expect(neighbour(["a", "b"], "b", 1)).toBeUndefined();
  });

  it("is the first or the last row when none is open", () => {
    expect(neighbour(["a", "b"], undefined, 1)).toBe("a");
    expect(neighbour(["a", "b"], "z", -1)).toBe("b");
  });
});
