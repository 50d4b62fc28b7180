/** A conversation in the list: who, the newest words, how long they have waited, who acts. */
import { IconCornerUpLeft, IconFlagFilled, IconPencil } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { hasDraft } from "../../api/drafts";
import { useFloor, useSession } from "../../api/hooks";
import type { ConversationView, ListScope } from "../../api/types";
import type { Place } from "../../app/router";
import { Avatar } from "../../ui/Avatar";
import { useFormats, useNow } from "../../ui/time";
import { OwnerChip } from "../conversation/OwnerChip";
import { type Owner, ownerOf, windowIsOpen } from "../conversation/owner";
import classes from "./Row.module.css";
import { WaitTimer } from "./WaitTimer";

/** What a view says of all its rows need not be said in each. */
const OWNER_OF_VIEW: Partial<Record<ListScope, Owner>> = {
  mine: "me",
  queue: "queue",
  automation: "bot",
  closed: "closed",
};

export interface RowProps {
  row: ConversationView;
  place: Place;
  open: boolean;
  gone: boolean;
}

export const Row = memo(function Row({ row, place, open, gone }: RowProps) {
  const { t } = useTranslation();
  const session = useSession();
  const name = row.contact.name ?? row.contact.phone_masked ?? t("contact.unnamed");
  const owner = ownerOf(row, session?.agent.id ?? "");
  return (
    <Link
      to="/inbox/$scope/$conversationId"
      params={{ scope: place.scope, conversationId: row.id }}
      search={place.team ? { team: place.team } : {}}
      className={classes.row}
      aria-current={open ? "true" : undefined}
      data-testid="conversation-row"
      data-conversation-id={row.id}
      data-state={row.state}
      data-owner={owner}
      data-gone={gone || undefined}
      title={gone ? t("list.left") : undefined}
    >
      <Avatar id={row.contact.id} name={row.contact.erased ? "—" : name} />
      <span className={classes.body}>
        <span className={classes.line}>
          {row.priority > 1 && (
            <IconFlagFilled size={12} className={classes.urgent} aria-label={t("list.urgent")} role="img" />
          )}
          <span className={classes.name} data-unread={row.unread > 0 || undefined}>
            {row.contact.erased ? t("contact.erased") : name}
          </span>
          <When row={row} />
        </span>
        <span className={classes.line}>
          <Preview row={row} open={open} />
          {row.unread > 0 && (
            <span className={classes.unread} title={t("list.unread", { count: row.unread })}>
              <span aria-hidden="true">{row.unread > 99 ? "99+" : row.unread}</span>
              <span className="visually-hidden">{t("list.unread", { count: row.unread })}</span>
            </span>
          )}
        </span>
        <span className={classes.line}>
          {owner === OWNER_OF_VIEW[place.scope] ? <Team row={row} /> : <OwnerChip head={row} />}
          <WindowMark row={row} />
          <span className={classes.channel}>{row.channel_name}</span>
        </span>
      </span>
    </Link>
  );
});

function When({ row }: { row: ConversationView }) {
  const { brief } = useFormats();
  const now = useNow(60_000);
  if (row.waiting_since && row.status !== "resolved") return <WaitTimer since={row.waiting_since} />;
  const at = row.last_inbound_at ?? row.opened_at;
  return <time className={classes.when}>{brief(at, now)}</time>;
}

function Preview({ row, open }: { row: ConversationView; open: boolean }) {
  const { t } = useTranslation();
  if (row.contact.erased) return <span className={classes.preview} />;
  if (!open && hasDraft(row.id)) {
    return (
      <span className={classes.preview} data-draft>
        <IconPencil size={12} aria-hidden="true" /> {t("list.draft")}
      </span>
    );
  }
  return (
    <span className={classes.preview}>
      {row.preview_direction === "out" && <IconCornerUpLeft size={12} aria-hidden="true" />}
      {row.preview || <em>{t("list.no_words")}</em>}
    </span>
  );
}

function Team({ row }: { row: ConversationView }) {
  const { teams } = useFloor();
  const name = teams.find((one) => one.id === row.team_id)?.name;
  return name ? <span className={classes.team}>{name}</span> : null;
}

function WindowMark({ row }: { row: ConversationView }) {
  const { t } = useTranslation();
  const now = useNow(60_000);
  if (row.status === "resolved" || windowIsOpen(row, now)) return null;
  return <span className={classes.closed}>{t("window.closed")}</span>;
}
