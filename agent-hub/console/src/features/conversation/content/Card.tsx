/** The frame that all contents with more than words share: an icon, a title, lines. */
import type { ReactNode } from "react";
import classes from "./Content.module.css";

export function Card(props: { icon: ReactNode; title: ReactNode; children?: ReactNode; tone?: "amber" }) {
  return (
    <div className={classes.card} data-tone={props.tone}>
      {props.icon}
      <div className={classes.words}>
        <span className={classes.title}>{props.title}</span>
        {props.children}
      </div>
    </div>
  );
}
