import { describe, expect, it } from "vitest";
import { item } from "../../api/fixtures";
import { metaErrorWord } from "./ticks";
import { lines, newestHandoff } from "./timeline";

describe("the timeline", () => {
  it("names an author once in a run and separates days", () => {
    const shown = lines([
      item(1, { at: "2026-03-01T12:00:00Z" }),
      item(2, { at: "2026-03-01T12:01:00Z" }),
      item(3, { at: "2026-03-01T12:01:30Z", direction: "out", author: { kind: "bot" } }),
      item(4, { at: "2026-03-03T12:00:00Z", direction: "out", author: { kind: "bot" } }),
    ]);
    expect(shown.map((line) => line.first)).toEqual([true, false, true, true]);
    expect(shown.map((line) => line.new_day)).toEqual([true, false, false, true]);
  });

  it("never runs a note into the words to the customer", () => {
    const author = { kind: "agent", id: "a1" } as const;
    const note = item(2, { direction: "internal", author, content: { kind: "note", text: "x" } });
    expect(lines([item(1, { direction: "out", author }), note])[1]?.first).toBe(true);
  });

  it("finds the newest hand-off", () => {
    const handed = (seq: number, summary: string) =>
      item(seq, {
        content: { kind: "system", line: { event: "handed_off", reason: "requested", summary, position: 1 } },
      });
    expect(newestHandoff([handed(1, "old"), item(2), handed(3, "new"), item(4)])?.summary).toBe("new");
    expect(newestHandoff([item(1)])).toBeUndefined();
  });
});

describe("Meta's error codes", () => {
  it("are worded, and an unknown one is named by its number", () => {
    expect(metaErrorWord(131_047)).toBe("window");
    expect(metaErrorWord(132_001)).toBe("template");
    expect(metaErrorWord(999_999)).toBe("generic");
  });
});
