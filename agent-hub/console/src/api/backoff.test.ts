import { describe, expect, it } from "vitest";
import { BASE_MS, backoffMs, CAP_MS } from "./backoff";

describe("the wait before another attempt", () => {
  it("is spread over the whole interval", () => {
    expect(backoffMs(3, () => 0)).toBe(0);
    expect(backoffMs(0, () => 1)).toBe(BASE_MS);
    expect(backoffMs(3, () => 0.5)).toBe(BASE_MS * 4);
  });

  it("never exceeds the cap, whatever the attempt", () => {
    expect(backoffMs(1_000_000, () => 1)).toBe(CAP_MS);
  });

  it("respects a floor", () => {
    expect(backoffMs(0, () => 0, 5_000)).toBe(5_000);
  });
});
