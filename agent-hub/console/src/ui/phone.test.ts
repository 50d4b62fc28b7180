import { expect, it } from "vitest";
import { readablePhone } from "./phone";

it("a phone number is grouped for the eye and never loses a digit", () => {
  expect(readablePhone("5511900001000")).toBe("+55 11 90000-1000");
  expect(readablePhone("551130001000")).toBe("+55 11 3000-1000");
  expect(readablePhone("34600000000")).toBe("+34600000000");
  expect(readablePhone("BR.0001")).toBe("BR.0001");
});
