/** Emoji under a bubble: who reacted, and ours taken off with a click. */
import { useTranslation } from "react-i18next";
import type { ItemView, ReactionView, Uuid } from "../../api/types";
import classes from "./Item.module.css";
import type { Names } from "./names";
import { metaErrorWord } from "./ticks";

/** What the business put there: whoever of us reacts later replaces the earlier one. */
export const ours = (item: ItemView): ReactionView | undefined =>
  item.reactions.find((one) => one.author.kind !== "contact");

export function Reactions(props: {
  item: ItemView;
  names: Names;
  me: Uuid;
  onReact: ((item: ItemView, emoji: string | null) => void) | undefined;
}) {
  const { item, names, me, onReact } = props;
  const { t } = useTranslation();
  if (item.reactions.length === 0) return null;
  return (
    <ul className={classes.reactions} aria-label={t("thread.reactions")}>
      {item.reactions.map((reaction) => {
        const { author, emoji, ticks } = reaction;
        const who = author.kind === "contact" && item.author_name ? item.author_name : names.author(author);
        const failed = ticks === "failed" || ticks === "expired";
        const said = t("thread.reacted", { who, emoji });
        const label = failed ? `${said}. ${t(`ticks.${ticks}`)}` : said;
        const mine = author.kind === "agent" && author.id === me && onReact;
        return (
          <li key={`${author.kind} ${author.id}`} data-failed={failed || undefined}>
            {mine ? (
              <button
                type="button"
                data-testid="reaction"
                data-mine
                aria-label={`${label}. ${t("thread.reaction_remove")}`}
                title={`${label}. ${t("thread.reaction_remove")}`}
                onClick={() => onReact(item, null)}
              >
                {emoji}
              </button>
            ) : (
              <span
                role="img"
                data-testid="reaction"
                aria-label={label}
                title={
                  failed && reaction.error_code
                    ? `${label} ${t(`meta_error.${metaErrorWord(reaction.error_code)}`, { code: reaction.error_code })}`
                    : label
                }
              >
                {emoji}
              </span>
            )}
          </li>
        );
      })}
    </ul>
  );
}
