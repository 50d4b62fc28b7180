import { describe, expect, it } from "vitest";
import type { ErrorCodes } from "../../api/types";
import { sentenceOf } from "./failures";

const sentence = (text: string) => ({ "pt-BR": `${text} pt`, en: `${text} en`, es: `${text} es` });
const table: ErrorCodes = {
  codes: [
    { first: 1, last: 2, class: "ambiguous", meaning: "", sentence: sentence("one or two") },
    { first: 131_047, last: 131_047, class: "fail", meaning: "", sentence: sentence("window") },
  ],
  otherwise: sentence("any"),
};

describe("the sentence of a code", () => {
  it("is that of its range, in the reader's language", () => {
    expect(sentenceOf(table, 2, "en")).toBe("one or two en");
    expect(sentenceOf(table, 131_047, "es")).toBe("window es");
  });

  it("is the general one for every other code", () => {
    expect(sentenceOf(table, 999_999, "pt-BR")).toBe("any pt");
  });
});
