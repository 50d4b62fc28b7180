import { describe, expect, it } from "vitest";
import { components, EMPTY, isNamed, isWhole, slotsOf } from "./draft";

const draft = { ...EMPTY, name: "visita", body: "Olá {{1}}, às {{2}}", examples: { "1": "Ana", "2": "10h" } };

describe("a template that a supervisor writes", () => {
  it("is handed in as Meta wants it, with examples", () => {
    expect(components({ ...draft, footer: "Provedor", buttons: "Sim\n\n Não " })).toEqual([
      { type: "BODY", text: "Olá {{1}}, às {{2}}", example: { body_text: [["Ana", "10h"]] } },
      { type: "FOOTER", text: "Provedor" },
      {
        type: "BUTTONS",
        buttons: [
          { type: "QUICK_REPLY", text: "Sim" },
          { type: "QUICK_REPLY", text: "Não" },
        ],
      },
    ]);
  });

  it("has named slots when one is a word", () => {
    const named = { ...draft, body: "Olá {{nome}}", examples: { nome: "Ana" } };
    expect(isNamed(named)).toBe(true);
    expect(components(named)[0]).toMatchObject({
      example: { body_text_named_params: [{ param_name: "nome", example: "Ana" }] },
    });
  });

  it("is whole when Meta could take it", () => {
    expect(isWhole(draft)).toBe(true);
    expect(isWhole({ ...draft, name: "Visita Técnica" })).toBe(false);
    expect(isWhole({ ...draft, body: " " })).toBe(false);
    expect(isWhole({ ...draft, examples: { "1": "Ana" } })).toBe(false);
    expect(isWhole({ ...draft, buttons: "x".repeat(26) })).toBe(false);
    expect(slotsOf("{{1}} {{ 1 }} {{2}}")).toEqual(["1", "2"]);
  });
});
