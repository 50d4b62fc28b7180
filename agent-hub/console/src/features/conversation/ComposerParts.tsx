/** The composer's tabs and the quote above the box. */
import { ActionIcon } from "@mantine/core";
import { IconNote, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { DraftKind } from "../../api/drafts";
import type { ConversationView, ItemView } from "../../api/types";
import classes from "./Composer.module.css";
import { labelOf } from "./labels";
import { useNames } from "./names";

export function Tab(props: { kind: DraftKind; now: DraftKind; onPick: (kind: DraftKind) => void }) {
  const { t } = useTranslation();
  const note = props.kind === "note";
  return (
    <button
      type="button"
      role="tab"
      aria-selected={props.kind === props.now}
      className={classes.tab}
      data-kind={props.kind}
      data-testid={note ? "tab-note" : "tab-reply"}
      title={note ? "Alt+L" : "Alt+P"}
      tabIndex={props.kind === props.now ? 0 : -1}
      aria-controls="composer-panel"
      onClick={() => props.onPick(props.kind)}
      onKeyDown={(event) => {
        if (event.key === "ArrowLeft" || event.key === "ArrowRight") props.onPick(note ? "send" : "note");
      }}
    >
      {note && <IconNote size={14} aria-hidden="true" />}
      {t(note ? "composer.note" : "composer.reply")}
    </button>
  );
}

export function Quoting(props: { head: ConversationView; item: ItemView | undefined; onCancel: () => void }) {
  const { t } = useTranslation();
  const names = useNames(props.head.contact);
  if (!props.item) return null;
  return (
    <div className={classes.quoting}>
      <span>
        <strong>
          {t("composer.replying_to", { who: props.item.author_name ?? names.author(props.item.author) })}
        </strong>
        <span className={classes.quoted}>{labelOf(t, props.item)}</span>
      </span>
      <ActionIcon
        variant="subtle"
        color="gray"
        size={22}
        aria-label={t("composer.cancel_reply")}
        onClick={props.onCancel}
      >
        <IconX size={14} aria-hidden="true" />
      </ActionIcon>
    </div>
  );
}
