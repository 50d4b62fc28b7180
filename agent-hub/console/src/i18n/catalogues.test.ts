import { describe, expect, it } from "vitest";
import en from "./en.json";
import es from "./es.json";
import ptBR from "./pt-BR.json";

type Tree = { [key: string]: string | Tree };

function leaves(tree: Tree, path = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === "string") found.set(path + key, value);
    else for (const [deeper, text] of leaves(value, `${path}${key}.`)) found.set(deeper, text);
  }
  return found;
}

const placeholders = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]).sort();

describe.each([
  ["en", en],
  ["es", es],
])("the %s catalogue", (_, catalogue) => {
  const reference = leaves(ptBR);
  const own = leaves(catalogue);

  it("has the same keys as pt-BR", () => {
    expect([...own.keys()].sort()).toEqual([...reference.keys()].sort());
  });

  it("has the same placeholders and no empty text", () => {
    for (const [key, text] of own) {
      expect(text, key).not.toBe("");
      expect(placeholders(text), key).toEqual(placeholders(reference.get(key) ?? ""));
    }
  });
});
