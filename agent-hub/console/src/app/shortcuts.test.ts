import { describe, expect, it } from "vitest";
import { letterOf } from "./shortcuts";

describe("the letter of a key", () => {
  it("is the layout's letter where Alt leaves it", () => {
    expect(letterOf({ key: "J", code: "KeyC" })).toBe("j");
  });

  it("is the key's position where Alt makes another character of it", () => {
    expect(letterOf({ key: "∆", code: "KeyJ" })).toBe("j");
  });
});
