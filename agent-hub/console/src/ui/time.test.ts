import type { TFunction } from "i18next";
import { describe, expect, it } from "vitest";
import { duration } from "./time";

const t = ((key: string, values: object) =>
  `${key} ${Object.values(values).join(":")}`) as unknown as TFunction;

describe("a span of time", () => {
  it("is told in the largest unit that matters", () => {
    expect(duration(t, 59_999)).toBe("time.seconds 59");
    expect(duration(t, 60_000)).toBe("time.minutes 1");
    expect(duration(t, 3_900_000)).toBe("time.hours 1:05");
    expect(duration(t, 49 * 3_600_000)).toBe("time.days 2");
  });

  it("never runs backwards when clocks differ", () => {
    expect(duration(t, -5_000)).toBe("time.seconds 0");
  });
});
