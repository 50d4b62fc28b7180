import { describe, expect, it } from "vitest";
import { item } from "../../api/fixtures";
import type { ItemView } from "../../api/types";
import { metaErrorWord } from "./ticks";
import { lines, newestHandoff, reactable, wordsOf } from "./timeline";

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

describe("an item", () => {
  it("is told by its own words, whatever its kind", () => {
    const of = (content: ItemView["content"]) => wordsOf(item(1, { content }));
    expect(of({ kind: "media", media: { kind: "image", caption: "a luz" } })).toBe("a luz");
    expect(of({ kind: "location", latitude: 1, longitude: 2, name: "Casa" })).toBe("Casa");
    expect(of({ kind: "link", text: "veja", label: "Abrir", url: "https://example.com" })).toBe("veja");
    expect(of({ kind: "call", inbound: true, outcome: "missed" })).toBe("");
    expect(of(null)).toBe("");
  });

  it("takes a reaction when WhatsApp has it", () => {
    expect(reactable(item(1))).toBe(true);
    expect(reactable(item(1, { revoked: true, content: null }))).toBe(false);
    expect(reactable(item(1, { direction: "internal" }))).toBe(false);
    expect(reactable(item(1, { direction: "out", ticks: "delivered" }))).toBe(true);
    expect(reactable(item(1, { direction: "out", ticks: "queued" }))).toBe(false);
  });

  it("begins a new run when another one of a group speaks", () => {
    const shown = lines([item(1, { author_name: "A" }), item(2, { author_name: "B" })]);
    expect(shown[1]?.first).toBe(true);
  });
});

describe("Meta's error codes", () => {
  it("are worded, and an unknown one is named by its number", () => {
    expect(metaErrorWord(131_047)).toBe("window");
    expect(metaErrorWord(132_001)).toBe("template");
    expect(metaErrorWord(999_999)).toBe("generic");
  });
});
