import { describe, expect, it } from "vitest";
import { parts } from "./formatting";

const shown = (text: string) => parts(text).map(({ style, text: words }) => `${style}:${words}`);

describe("WhatsApp's marks", () => {
  it("style the words between them", () => {
    expect(shown("Sua posição: *1*, _já_ ~ontem~")).toEqual([
      "plain:Sua posição: ",
      "bold:1",
      "plain:, ",
      "italic:já",
      "plain: ",
      "struck:ontem",
    ]);
  });

  it("keep what is fixed as it is, over lines too", () => {
    expect(shown("```a *b*\nc```")).toEqual(["fixed:a *b*\nc"]);
  });

  it("are plain characters inside words, alone, or open", () => {
    for (const text of ["5*3*2", "snake_case_name", "* item", "2 * 3 * 4", "*aberto", "*não\nfecha*", ""]) {
      expect(
        parts(text).every((part) => part.style === "plain"),
        text,
      ).toBe(true);
    }
  });

  it("never lose a character of unmarked text", () => {
    const text = "<b>não é marcação</b> & nada some";
    expect(parts(text)).toEqual([{ style: "plain", text }]);
  });
});
