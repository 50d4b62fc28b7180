import { describe, expect, it } from "vitest";
import type { TemplateView } from "../../api/types";
import { buttonsOf, filled, formOf, isComplete, messageOf, preview } from "./shape";

const template = (over: Partial<TemplateView>): TemplateView => ({
  id: "1",
  name: "visita",
  language: "pt_BR",
  category: "UTILITY",
  status: "APPROVED",
  quality: "GREEN",
  is_sendable: true,
  parameter_format: "POSITIONAL",
  components: [],
  needs: { body: [], buttons: [], cards: 0 },
  updated_at: "2026-03-02T12:00:00Z",
  ...over,
});

const visit = template({
  components: [
    { type: "HEADER", format: "TEXT", text: "Olá {{1}}" },
    {
      type: "BODY",
      text: "{{1}}, o técnico chega às {{2}}.",
      example: { body_text: [["Ana", "10h"]] },
    },
    { type: "FOOTER", text: "Provedor" },
    { type: "BUTTONS", buttons: [{ type: "URL", text: "Ver", url: "https://example.com/{{1}}" }] },
  ],
  needs: {
    header: { type: "text", slot: "1" },
    body: ["1", "2"],
    buttons: [{ index: 0, sub_type: "url" }],
    cards: 0,
  },
});
const values = { header: "Ana", "body.1": "Ana", "body.2": "10h", "button.0": "42" };

describe("a template", () => {
  it("asks for what it needs, with its author's examples", () => {
    const { slots } = formOf(visit);
    expect(slots.map((slot) => slot.key)).toEqual(["header", "body.1", "body.2", "button.0"]);
    expect(slots[2]?.example).toBe("10h");
    expect(buttonsOf(visit.components)).toEqual([{ text: "Ver", type: "URL" }]);
  });

  it("is complete when every slot says something", () => {
    expect(isComplete(formOf(visit), { values })).toBe(true);
    expect(isComplete(formOf(visit), { values: { ...values, "body.2": " " } })).toBe(false);
  });

  it("waits for its file, and leaves to programs what people cannot fill in", () => {
    const file = template({ needs: { header: { type: "document" }, body: [], buttons: [], cards: 0 } });
    expect(isComplete(formOf(file), { values: {} })).toBe(false);
    expect(isComplete(formOf(file), { values: {}, file: "f" })).toBe(true);
    const cards = template({ needs: { body: [], buttons: [], cards: 2 } });
    expect(isComplete(formOf(cards), { values: {} })).toBe(false);
  });

  it("is previewed as the customer reads it; an empty slot stays visible", () => {
    expect(preview(visit, { values: { header: "Ana", "body.1": "Ana" } })).toEqual({
      header: "Olá Ana",
      body: "Ana, o técnico chega às {{2}}.",
      footer: "Provedor",
    });
    expect(filled("{{ 1 }} {{2}}", { "1": "a" })).toBe("a {{2}}");
  });

  it("becomes a message with the body by position and the rest as components", () => {
    expect(messageOf(visit, { values })).toEqual({
      kind: "template",
      name: "visita",
      language: "pt_BR",
      preview: "Olá Ana\nAna, o técnico chega às 10h.\nProvedor",
      parameters: ["Ana", "10h"],
      components: [
        { type: "header", parameters: [{ type: "text", text: "Ana" }] },
        { type: "button", sub_type: "url", index: "0", parameters: [{ type: "text", text: "42" }] },
      ],
    });
  });

  it("names its parameters when its slots have names, and carries our upload", () => {
    const named = template({
      parameter_format: "NAMED",
      needs: { header: { type: "text", slot: "quem" }, body: [], buttons: [], cards: 0 },
    });
    expect(messageOf(named, { values: { header: "Ana" } }).components).toEqual([
      { type: "header", parameters: [{ type: "text", parameter_name: "quem", text: "Ana" }] },
    ]);
    const file = template({ needs: { header: { type: "image" }, body: [], buttons: [], cards: 0 } });
    expect(messageOf(file, { values: {}, file: "f" }).components).toEqual([
      { type: "header", parameters: [{ type: "image", image: { file: "f" } }] },
    ]);
  });
});
