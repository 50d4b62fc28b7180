/** A timeline item: a bubble by author, an unmistakable note, or a quiet line about what happened. */
import { ActionIcon } from "@mantine/core";
import { IconArrowBackUp, IconLock, IconMoodPlus, IconRobotFace } from "@tabler/icons-react";
import { memo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ConversationView, ItemView, Uuid } from "../../api/types";
import { useFormats } from "../../ui/time";
import { useReactTo } from "./composing";
import { EmojiPicker } from "./EmojiPicker";
import classes from "./Item.module.css";
import { ItemContent } from "./ItemContent";
import { labelOf } from "./labels";
import type { Names } from "./names";
import { ours, Reactions } from "./Reactions";
import { SystemWords } from "./SystemLine";
import { Ticks, TicksReason } from "./Ticks";
import { reactable } from "./timeline";

/** What one may do with an item; absent where it is not one's own conversation. */
export interface ItemDeeds {
  reply: (item: ItemView) => void;
  react: ((item: ItemView, emoji: string | null) => void) | undefined;
  sendAgain: (item: ItemView) => void;
  cancel: (item: ItemView) => void;
}

export interface ItemProps {
  item: ItemView;
  head: ConversationView;
  me: Uuid;
  first: boolean;
  quoted: ItemView | undefined;
  names: Names;
  deeds: ItemDeeds | undefined;
}

export type Look = "in" | "out" | "bot" | "note";

export function lookOf(item: ItemView): Look {
  if (item.content?.kind === "note") return "note";
  if (item.direction === "in") return "in";
  return item.author.kind === "bot" || item.author.kind === "campaign" ? "bot" : "out";
}

/** Somebody in a group is named by the item, everybody else by the conversation. */
const authorOf = (item: ItemView, names: Names): string => item.author_name ?? names.author(item.author);

export const Item = memo(function Item({ item, head, me, first, quoted, names, deeds }: ItemProps) {
  const { t } = useTranslation();
  const { clock, full } = useFormats();
  const marks = {
    "data-testid": "item",
    "data-seq": item.seq,
    "data-direction": item.direction,
    "data-ticks": item.ticks ?? undefined,
    "data-kind": item.revoked ? "revoked" : (item.content?.kind ?? "erased"),
    "data-author": item.author.kind,
  };
  if (item.content?.kind === "system") {
    return (
      <div {...marks}>
        <SystemWords line={item.content.line} names={names} at={clock(item.at)} />
      </div>
    );
  }
  const look = lookOf(item);
  const name = authorOf(item, names);
  const quotes = item.reply_to_seq != null || item.quotes_elsewhere != null;
  return (
    <div {...marks} className={classes.item} data-look={look} data-first={first || undefined}>
      {first && (
        <div className={classes.author}>
          {look === "bot" && <IconRobotFace size={13} aria-hidden="true" />}
          {look === "note" && <IconLock size={13} aria-hidden="true" />}
          {look === "note" ? `${t("thread.note")} · ${name}` : name}
        </div>
      )}
      <div className={classes.line}>
        <div className={classes.bubble}>
          {!first && <span className="visually-hidden">{name}: </span>}
          {quotes && <Quote quoted={quoted} names={names} elsewhere={item.quotes_elsewhere != null} />}
          <ItemContent item={item} channelId={head.channel_id} />
          <div className={classes.meta}>
            {item.edited && (
              <span data-testid="edited" title={item.edited_at ? full(item.edited_at) : undefined}>
                {t("thread.edited")}
              </span>
            )}
            <time dateTime={item.at} title={full(item.at)}>
              {clock(item.at)}
            </time>
            {item.ticks && <Ticks ticks={item.ticks} />}
          </div>
        </div>
        {deeds && item.direction !== "internal" && <Tools item={item} deeds={deeds} />}
      </div>
      <Reactions item={item} names={names} me={me} onReact={deeds?.react} />
      <TicksReason item={item} deeds={deeds} />
    </div>
  );
});

/** Beside the bubble, seen by pointer and keyboard alike. */
function Tools({ item, deeds }: { item: ItemView; deeds: ItemDeeds }) {
  const { t } = useTranslation();
  const [picking, setPicking] = useState(false);
  const { react, reply } = deeds;
  const mayReact = react !== undefined && reactable(item);
  useReactTo((seq) => {
    if (seq === item.seq && mayReact) setPicking(true);
  });
  return (
    <div className={classes.tools} data-open={picking || undefined}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size={26}
        aria-label={t("thread.reply")}
        title={t("thread.reply")}
        onClick={() => reply(item)}
        data-testid="reply-to"
      >
        <IconArrowBackUp size={16} aria-hidden="true" />
      </ActionIcon>
      {mayReact && (
        <EmojiPicker
          opened={picking}
          chosen={ours(item)?.emoji}
          onClose={() => setPicking(false)}
          onPick={(emoji) => {
            setPicking(false);
            react(item, emoji);
          }}
        >
          <ActionIcon
            variant="subtle"
            color="gray"
            size={26}
            aria-label={t("thread.react")}
            title={`${t("thread.react")} (Alt+R)`}
            aria-expanded={picking}
            onClick={() => setPicking(true)}
            data-testid="react"
          >
            <IconMoodPlus size={16} aria-hidden="true" />
          </ActionIcon>
        </EmojiPicker>
      )}
    </div>
  );
}

function Quote(props: { quoted: ItemView | undefined; names: Names; elsewhere: boolean }) {
  const { quoted, names, elsewhere } = props;
  const { t } = useTranslation();
  const missing = t(elsewhere ? "thread.quote_elsewhere" : "thread.quote_missing");
  return (
    <blockquote className={classes.quote} data-testid="quote">
      {quoted && <span className={classes.quoteAuthor}>{authorOf(quoted, names)}</span>}
      <span className={classes.quoteWords}>{quoted ? labelOf(t, quoted) : missing}</span>
    </blockquote>
  );
}
