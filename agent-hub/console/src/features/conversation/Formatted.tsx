/** Words with WhatsApp's marks, as text nodes only. */
import type { JSX } from "react";
import { parts, type Style } from "./formatting";
import classes from "./ItemContent.module.css";

const TAGS: Record<Exclude<Style, "plain">, keyof JSX.IntrinsicElements> = {
  bold: "strong",
  italic: "em",
  struck: "s",
  fixed: "code",
};

export function Formatted({ text }: { text: string }) {
  return (
    <p className={classes.text}>
      {parts(text).map(({ style, text: words }, at) => {
        if (style === "plain") return words;
        const Tag = TAGS[style];
        // biome-ignore lint/suspicious/noArrayIndexKey: parts have no identity but their place
        return <Tag key={at}>{words}</Tag>;
      })}
    </p>
  );
}
