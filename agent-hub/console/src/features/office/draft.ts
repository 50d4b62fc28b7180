/** A template as a supervisor writes it, and as Meta wants it. Pure. */
import type { TemplateDraft } from "../../api/office";

export interface Draft {
  name: string;
  language: string;
  category: string;
  header: string;
  body: string;
  footer: string;
  /** One reply button a line. */
  buttons: string;
  /** Of each slot, by its name: Meta judges by them. */
  examples: Readonly<Record<string, string>>;
}

export const EMPTY: Draft = {
  name: "",
  language: "pt_BR",
  category: "UTILITY",
  header: "",
  body: "",
  footer: "",
  buttons: "",
  examples: {},
};

export const LIMITS = { name: 512, header: 60, body: 1024, footer: 60, button: 25, buttons: 10 } as const;

/** The slots of a text, each once, in order. */
export const slotsOf = (text: string): string[] => [
  ...new Set([...text.matchAll(/\{\{\s*([\w]+)\s*\}\}/g)].map((found) => found[1] ?? "")),
];

export const isNamed = (draft: Draft): boolean =>
  slotsOf(`${draft.header} ${draft.body}`).some((slot) => !/^\d+$/.test(slot));

const buttonsOf = (draft: Draft): string[] =>
  draft.buttons
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);

export const isWhole = (draft: Draft): boolean =>
  /^[a-z0-9_]+$/.test(draft.name) &&
  draft.name.length <= LIMITS.name &&
  draft.body.trim() !== "" &&
  slotsOf(`${draft.header} ${draft.body}`).every((slot) => (draft.examples[slot] ?? "").trim() !== "") &&
  buttonsOf(draft).length <= LIMITS.buttons &&
  buttonsOf(draft).every((text) => text.length <= LIMITS.button);

export function components(draft: Draft): unknown[] {
  const named = isNamed(draft);
  const example = (text: string, kind: "header_text" | "body_text") => {
    const slots = slotsOf(text);
    if (slots.length === 0) return {};
    const value = (slot: string) => draft.examples[slot]?.trim() ?? "";
    if (named) {
      const params = slots.map((slot) => ({ param_name: slot, example: value(slot) }));
      return { example: { [`${kind}_named_params`]: params } };
    }
    const values = slots.map(value);
    return { example: { [kind]: kind === "header_text" ? values : [values] } };
  };
  const buttons = buttonsOf(draft);
  const line = (type: string, text: string, more = {}) =>
    text.trim() ? [{ type, text: text.trim(), ...more }] : [];
  return [
    ...line("HEADER", draft.header, { format: "TEXT", ...example(draft.header, "header_text") }),
    ...line("BODY", draft.body, example(draft.body, "body_text")),
    ...line("FOOTER", draft.footer),
    ...(buttons.length > 0
      ? [{ type: "BUTTONS", buttons: buttons.map((text) => ({ type: "QUICK_REPLY", text })) }]
      : []),
  ];
}

export const order = (draft: Draft, channel_id: string): TemplateDraft => ({
  channel_id,
  name: draft.name,
  language: draft.language.trim(),
  category: draft.category,
  named: isNamed(draft),
  components: components(draft),
});
