import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync("src/app/tokens.css", "utf8");

/** WCAG 2.2 contrast of the pairs that the console shows as text, in both schemes. */
function scheme(name: string): Map<string, string> {
  const block = css.slice(css.indexOf(`[data-mantine-color-scheme="${name}"]`));
  const body = block.slice(block.indexOf("{") + 1, block.indexOf("}"));
  return new Map(
    [...body.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})\b/g)].map((found) => [found[1] ?? "", found[2] ?? ""]),
  );
}

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

const TEXT: readonly [string, string][] = [
  ...["surface", "canvas", "raised", "hover", "thread", "accent-soft"].flatMap(
    (ground): [string, string][] => [
      ["text", ground],
      ["muted", ground],
    ],
  ),
  ...["amber", "red", "green", "bot"].flatMap((tone): [string, string][] => [
    [tone, `${tone}-soft`],
    [tone, "surface"],
  ]),
  ...["amber", "red", "bot"].map((tone): [string, string] => [tone, "thread"]),
  ["red", "canvas"],
  ["amber", "canvas"],
  ["red", "hover"],
  ["red", "accent-soft"],
  ["amber", "accent-soft"],
  ["accent-ink", "accent"],
  ["accent-text", "accent-soft"],
  ["unread-ink", "unread"],
  ...["in", "out", "bot", "note"].map((look): [string, string] => [`bubble-${look}-ink`, `bubble-${look}`]),
  ...["in", "out", "bot"].map((look): [string, string] => ["bubble-meta", `bubble-${look}`]),
  ["send-note-ink", "send-note"],
  ["bubble-note-ink", "tab-note"],
  ["red", "bubble-out"],
  ["amber", "bubble-out"],
];

describe.each(["light", "dark"])("the %s scheme", (name) => {
  const tokens = scheme(name);
  const of = (token: string) => tokens.get(token) ?? expect.fail(`no token ${token}`);

  it.each(TEXT)("%s on %s reaches 4.5:1", (ink, ground) => {
    expect(contrast(of(ink), of(ground))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(["focus", "line-strong"])("%s is seen on every ground (3:1)", (token) => {
    for (const ground of ["surface", "canvas", "raised", "thread"]) {
      expect(contrast(of(token), of(ground)), ground).toBeGreaterThanOrEqual(3);
    }
  });
});
