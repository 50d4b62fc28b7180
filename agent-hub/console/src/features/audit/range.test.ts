import { describe, expect, it } from "vitest";
import { daysAgo, rangeOf } from "./range";

describe("the range of an export", () => {
  it("includes the last day wholly", () => {
    const range = rangeOf("2026-03-01", "2026-03-01");
    expect(range && range.to.getTime() - range.from.getTime()).toBe(86_400_000);
  });

  it("is refused when it ends before it begins or lacks a day", () => {
    expect(rangeOf("2026-03-02", "2026-03-01")).toBeNull();
    expect(rangeOf("", "2026-03-01")).toBeNull();
  });

  it("counts days back over the start of a month", () => {
    expect(daysAgo(new Date(2026, 2, 1, 13), 1)).toBe("2026-02-28");
  });
});
