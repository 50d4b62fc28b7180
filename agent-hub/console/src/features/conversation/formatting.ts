/**
 * WhatsApp's own marks (*bold*, _italic_, ~struck~, ```fixed```) as parts to show; everything else is text as written.
 * A mark counts only where WhatsApp counts it: at the edge of a word and closed on the same line. Pure.
 */

export type Style = "plain" | "bold" | "italic" | "struck" | "fixed";

export interface Part {
  style: Style;
  text: string;
}

const STYLES: Readonly<Record<string, Style>> = { "*": "bold", _: "italic", "~": "struck" };
const MARK = /```([\s\S]+?)```|(?<=^|[\s\p{P}])([*_~])(?=\S)([^\n]*?\S)\2(?=$|[\s\p{P}])/gmu;

export function parts(text: string): Part[] {
  const found: Part[] = [];
  let from = 0;
  for (const match of text.matchAll(MARK)) {
    const [whole, fixed, mark = "", words = ""] = match;
    if (match.index > from) found.push({ style: "plain", text: text.slice(from, match.index) });
    if (fixed !== undefined) found.push({ style: "fixed", text: fixed });
    else found.push({ style: STYLES[mark] ?? "plain", text: words });
    from = match.index + whole.length;
  }
  if (from < text.length) found.push({ style: "plain", text: text.slice(from) });
  return found;
}
