/**
 * What an approved template looks like and needs, and the message that a filled one is. Pure.
 * The server judges again: here it only keeps the agent from sending what cannot go.
 */
import type { Sendable } from "../../api/client";
import type { TemplateView } from "../../api/types";

type Fields = Record<string, unknown>;
const list = (value: unknown): Fields[] =>
  Array.isArray(value) ? value.filter((one): one is Fields => typeof one === "object" && one !== null) : [];
const words = (value: unknown): string => (typeof value === "string" ? value : "");

const part = (components: unknown, type: string): Fields | undefined =>
  list(components).find((one) => words(one.type).toUpperCase() === type);

export const headerOf = (components: unknown): string => words(part(components, "HEADER")?.text);
export const bodyOf = (components: unknown): string => words(part(components, "BODY")?.text);
export const footerOf = (components: unknown): string => words(part(components, "FOOTER")?.text);

export const buttonsOf = (components: unknown): { text: string; type: string }[] =>
  list(part(components, "BUTTONS")?.buttons).map((button) => ({
    text: words(button.text),
    type: words(button.type).toUpperCase(),
  }));

/** The words with their slots filled; an empty slot stays as it is written. */
export const filled = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replace(/\{\{\s*([^{}]+?)\s*\}\}/g, (whole, slot: string) => values[slot]?.trim() || whole);

/** One thing to fill in; `key` is unique in its template. */
export interface Slot {
  key: string;
  where: "header" | "body" | "url" | "copy_code";
  /** As the template names it. */
  name: string;
  index?: number;
  example: string | undefined;
}

export type HeaderFile = "image" | "video" | "document";

export interface Form {
  slots: Slot[];
  file: HeaderFile | undefined;
  /** Cards, products, places: only programs can fill them in. */
  beyond: boolean;
}

export function formOf(template: TemplateView): Form {
  const { needs, components } = template;
  const examples = examplesOf(components);
  const slots: Slot[] = [];
  const header = needs.header;
  if (header?.type === "text") {
    slots.push({ key: "header", where: "header", name: header.slot, example: examples.header });
  }
  for (const [at, name] of needs.body.entries()) {
    slots.push({
      key: `body.${name}`,
      where: "body",
      name,
      example: examples.body[name] ?? examples.list[at],
    });
  }
  for (const { index, sub_type } of needs.buttons) {
    if (sub_type !== "url" && sub_type !== "copy_code") continue;
    slots.push({ key: `button.${index}`, where: sub_type, name: String(index), index, example: undefined });
  }
  const file = header?.type === "image" || header?.type === "video" || header?.type === "document";
  return {
    slots,
    file: file ? (header.type as HeaderFile) : undefined,
    beyond:
      needs.cards > 0 ||
      header?.type === "location" ||
      needs.buttons.some(({ sub_type }) => sub_type !== "url" && sub_type !== "copy_code"),
  };
}

interface Examples {
  header: string | undefined;
  body: Readonly<Record<string, string>>;
  list: readonly string[];
}

/** What the template's author gave Meta as examples: the best hint for what belongs there. */
function examplesOf(components: unknown): Examples {
  const of = (type: string) => (part(components, type)?.example ?? {}) as Fields;
  const header = of("HEADER");
  const body = of("BODY");
  const first = Array.isArray(body.body_text) ? body.body_text[0] : undefined;
  const headers = Array.isArray(header.header_text) ? header.header_text : [];
  return {
    header: words(headers[0]) || undefined,
    body: Object.fromEntries(
      list(body.body_text_named_params).map((one) => [words(one.param_name), words(one.example)]),
    ),
    list: Array.isArray(first) ? first.map(words) : [],
  };
}

export interface Filled {
  values: Readonly<Record<string, string>>;
  /** Our upload for the header. */
  file?: string | undefined;
}

export const isComplete = (form: Form, given: Filled): boolean =>
  !form.beyond &&
  form.slots.every((slot) => (given.values[slot.key] ?? "").trim() !== "") &&
  (form.file === undefined || given.file !== undefined);

/** Header, body and footer as the customer will read them. */
export function preview(
  template: TemplateView,
  given: Filled,
): { header: string; body: string; footer: string } {
  const { slots } = formOf(template);
  const of = (where: Slot["where"]) =>
    Object.fromEntries(
      slots.filter((slot) => slot.where === where).map((slot) => [slot.name, given.values[slot.key] ?? ""]),
    );
  return {
    header: filled(headerOf(template.components), of("header")),
    body: filled(bodyOf(template.components), of("body")),
    footer: footerOf(template.components),
  };
}

export function messageOf(template: TemplateView, given: Filled): Extract<Sendable, { kind: "template" }> {
  const form = formOf(template);
  const named = template.parameter_format.toUpperCase() === "NAMED";
  const value = (slot: Slot) => (given.values[slot.key] ?? "").trim();
  const components: unknown[] = [];
  if (form.file && given.file) {
    const parameter = { type: form.file, [form.file]: { file: given.file } };
    components.push({ type: "header", parameters: [parameter] });
  }
  for (const slot of form.slots) {
    if (slot.where === "header") {
      const name = named ? { parameter_name: slot.name } : {};
      components.push({ type: "header", parameters: [{ type: "text", ...name, text: value(slot) }] });
    } else if (slot.where === "url") {
      const parameters = [{ type: "text", text: value(slot) }];
      components.push({ type: "button", sub_type: "url", index: slot.name, parameters });
    } else if (slot.where === "copy_code") {
      const parameters = [{ type: "coupon_code", coupon_code: value(slot) }];
      components.push({ type: "button", sub_type: "copy_code", index: slot.name, parameters });
    }
  }
  const shown = preview(template, given);
  return {
    kind: "template",
    name: template.name,
    language: template.language,
    preview: [shown.header, shown.body, shown.footer].filter(Boolean).join("\n"),
    parameters: form.slots.filter((slot) => slot.where === "body").map(value),
    ...(components.length > 0 ? { components } : {}),
  };
}
