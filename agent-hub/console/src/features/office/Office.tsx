/** The frame of the supervisors' pages: the desk's navigation, a title, what the page is for. */
import type { ReactNode } from "react";
import { Dialogs } from "../../app/Dialogs";
import { PaletteGate } from "../../app/PaletteGate";
import { useShortcuts } from "../../app/shortcuts";
import { Nav } from "../queue/Nav";
import classes from "./Office.module.css";

export function Office(props: { title: string; explain: string; tools?: ReactNode; children: ReactNode }) {
  useShortcuts();
  return (
    <div className={classes.office}>
      <Nav />
      <main className={classes.main} data-testid="office">
        <div className={classes.inner}>
          <header className={classes.head}>
            <div>
              <h1>{props.title}</h1>
              <p>{props.explain}</p>
            </div>
            {props.tools && <div className={classes.tools}>{props.tools}</div>}
          </header>
          {props.children}
        </div>
      </main>
      <Dialogs conversationId={undefined} />
      <PaletteGate place={{ scope: "queue", team: undefined, conversationId: undefined }} />
    </div>
  );
}
