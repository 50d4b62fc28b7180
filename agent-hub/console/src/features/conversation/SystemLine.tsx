/** What happened to the conversation, worded in the reader's language. */
import { useTranslation } from "react-i18next";
import type { SystemLine } from "../../api/types";
import classes from "./Item.module.css";
import type { Names } from "./names";
import { reasonText } from "./reasons";

export function SystemWords({ line, names, at }: { line: SystemLine; names: Names; at: string }) {
  const words = useWords(line, names);
  const note = line.event === "transferred" ? line.note : undefined;
  return (
    <div className={classes.system}>
      <span>
        {words} <time className={classes.systemTime}>{at}</time>
      </span>
      {note && <q className={classes.systemNote}>{note}</q>}
    </div>
  );
}

function useWords(line: SystemLine, names: Names): string {
  const { t } = useTranslation();
  switch (line.event) {
    case "handed_off":
      return t("system.handed_off", { reason: t(`handoff.reason_${line.reason}`) });
    case "claimed":
      return t("system.claimed", { agent: names.agent(line.agent_id) });
    case "transferred": {
      const by = names.agent(line.by);
      return line.agent_id
        ? t("system.transferred_agent", { by, agent: names.agent(line.agent_id) })
        : t("system.transferred_team", { by, team: names.team(line.team_id) });
    }
    case "released":
      return t("system.released", { by: names.agent(line.by) });
    case "resolved": {
      const who = line.by
        ? t("system.resolved_by", { by: names.agent(line.by) })
        : t("system.resolved_system");
      return line.reason ? `${who}. ${t("system.with_reason", { reason: reasonText(t, line.reason) })}` : who;
    }
    case "reopened":
      return t("system.reopened");
    case "answered_on_phone":
      return t("system.answered_on_phone");
    case "identity_changed":
      return t(line.phone ? "system.phone_changed" : "system.id_changed");
    case "merged":
      return line.by ? t("system.merged_by", { by: names.agent(line.by) }) : t("system.merged");
    case "split":
      return line.by ? t("system.split_by", { by: names.agent(line.by) }) : t("system.split");
    default:
      return t("system.unknown");
  }
}
