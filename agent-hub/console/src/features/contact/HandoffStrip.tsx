/** With the panel closed, what the bot found out stays one click away, above the thread. */
import { IconRobotFace } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { ItemView } from "../../api/types";
import { newestHandoff } from "../conversation/timeline";
import classes from "./HandoffStrip.module.css";

export function HandoffStrip({ items }: { items: readonly ItemView[] }) {
  const { t } = useTranslation();
  const line = newestHandoff(items);
  if (!line) return null;
  return (
    <details className={classes.strip} data-testid="handoff-strip">
      <summary>
        <IconRobotFace size={15} aria-hidden="true" />
        <span className={classes.title}>{t("handoff.title")}</span>
        <span className={classes.glimpse}>{line.summary || t(`handoff.reason_${line.reason}`)}</span>
      </summary>
      <p>{line.summary || t("handoff.no_summary")}</p>
    </details>
  );
}
