/** A timeline item: a bubble by author, an unmistakable note, or a quiet line about what happened. */
import { ActionIcon } from "@mantine/core";
import { IconArrowBackUp, IconLock, IconRobotFace } from "@tabler/icons-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import type { ItemView } from "../../api/types";
import { useFormats } from "../../ui/time";
import classes from "./Item.module.css";
import { ItemContent } from "./ItemContent";
import type { Names } from "./names";
import { SystemWords } from "./SystemLine";
import { Ticks, TicksReason } from "./Ticks";
import { wordsOf } from "./timeline";

export interface ItemProps {
  item: ItemView;
  first: boolean;
  quoted: ItemView | undefined;
  names: Names;
  onReply: ((item: ItemView) => void) | undefined;
}

export type Look = "in" | "out" | "bot" | "note";

export function lookOf(item: ItemView): Look {
  if (item.content?.kind === "note") return "note";
  if (item.direction === "in") return "in";
  return item.author.kind === "bot" || item.author.kind === "campaign" ? "bot" : "out";
}

export const Item = memo(function Item({ item, first, quoted, names, onReply }: ItemProps) {
  const { t } = useTranslation();
  const { clock, full } = useFormats();
  const marks = {
    "data-testid": "item",
    "data-seq": item.seq,
    "data-direction": item.direction,
    "data-ticks": item.ticks ?? undefined,
    "data-kind": item.content?.kind ?? "erased",
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
  const name = names.author(item.author);
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
          {item.reply_to_seq != null && <Quote quoted={quoted} names={names} />}
          <ItemContent item={item} />
          <div className={classes.meta}>
            {item.edited && <span>{t("thread.edited")}</span>}
            <time dateTime={item.at} title={full(item.at)}>
              {clock(item.at)}
            </time>
            {item.ticks && <Ticks ticks={item.ticks} />}
          </div>
        </div>
        {onReply && item.direction !== "internal" && (
          <ActionIcon
            className={classes.reply}
            variant="subtle"
            color="gray"
            size={26}
            aria-label={t("thread.reply")}
            title={t("thread.reply")}
            onClick={() => onReply(item)}
          >
            <IconArrowBackUp size={16} aria-hidden="true" />
          </ActionIcon>
        )}
      </div>
      <Reactions item={item} names={names} />
      <TicksReason item={item} />
    </div>
  );
});

function Quote({ quoted, names }: { quoted: ItemView | undefined; names: Names }) {
  const { t } = useTranslation();
  return (
    <blockquote className={classes.quote}>
      {quoted && <span className={classes.quoteAuthor}>{names.author(quoted.author)}</span>}
      <span className={classes.quoteWords}>{(quoted && wordsOf(quoted)) || t("thread.quote_missing")}</span>
    </blockquote>
  );
}

function Reactions({ item, names }: { item: ItemView; names: Names }) {
  const { t } = useTranslation();
  if (item.reactions.length === 0) return null;
  return (
    <div className={classes.reactions}>
      {item.reactions.map(({ author, emoji }) => {
        const label = t("thread.reacted", { who: names.author(author), emoji });
        return (
          <span key={`${author.kind} ${author.id}`} role="img" aria-label={label} title={label}>
            {emoji}
          </span>
        );
      })}
    </div>
  );
}
