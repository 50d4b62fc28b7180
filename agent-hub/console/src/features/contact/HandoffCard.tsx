/** What the bot learnt, at the top, so that the customer never has to say it again. */
import { IconRobotFace } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { HandedOff } from "../conversation/timeline";
import classes from "./ContactPanel.module.css";

export function HandoffCard({ line }: { line: HandedOff }) {
  const { t } = useTranslation();
  return (
    <section className={classes.handoff} data-testid="handoff-card">
      <h2>
        <IconRobotFace size={16} aria-hidden="true" /> {t("handoff.title")}
      </h2>
      <p className={classes.reason}>{t(`handoff.reason_${line.reason}`)}</p>
      <p className={classes.summary}>{line.summary || t("handoff.no_summary")}</p>
      {line.position > 0 && (
        <p className={classes.position}>{t("handoff.position", { position: line.position })}</p>
      )}
    </section>
  );
}
