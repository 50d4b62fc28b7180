/** A small word with a tone: state at a glance, never by colour alone. */
import type { ReactNode } from "react";
import classes from "./Chip.module.css";

export type Tone = "plain" | "accent" | "bot" | "amber" | "red" | "green" | "blue";

export function Chip(props: {
  tone?: Tone;
  icon?: ReactNode;
  children: ReactNode;
  title?: string;
  strong?: boolean;
}) {
  return (
    <span
      className={classes.chip}
      data-tone={props.tone ?? "plain"}
      data-strong={props.strong || undefined}
      title={props.title}
    >
      {props.icon}
      <span className={classes.words}>{props.children}</span>
    </span>
  );
}
