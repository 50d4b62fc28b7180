/** The timeline by seq: stays at the newest while one is there, keeps its place when older items come. */
import { Button } from "@mantine/core";
import { IconArrowDown } from "@tabler/icons-react";
import { Fragment, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useLive, useOutbox, useSession } from "../../api/hooks";
import { hasOlder, type Thread } from "../../api/thread";
import { useCommand } from "../../app/commands";
import { useFormats, useNow } from "../../ui/time";
import { reactTo } from "./composing";
import { Item } from "./Item";
import { useNames } from "./names";
import { PendingItem } from "./PendingItem";
import classes from "./ThreadView.module.css";
import { lines, reactable } from "./timeline";
import { useAnnouncement } from "./useAnnouncement";
import { useItemDeeds } from "./useItemDeeds";
import { useOlder } from "./useOlder";
import { useReadMarker } from "./useReadMarker";
import { useStickyScroll } from "./useStickyScroll";

const DAY_STEP_MS = 60_000;

export function ThreadView({ thread, mine }: { thread: Thread; mine: boolean }) {
  const { t } = useTranslation();
  const { day } = useFormats();
  const now = useNow(DAY_STEP_MS);
  const live = useLive();
  const { head, items } = thread;
  const pending = useOutbox().filter((one) => one.conversation_id === head.id);
  const names = useNames(head.contact);
  const bySeq = useMemo(() => new Map(items.map((item) => [item.seq, item])), [items]);
  const older = useOlder(() => live.loadOlder(head.id), hasOlder(thread));
  const scroll = useStickyScroll(items, pending.length, older.load);
  useReadMarker(head, items, mine && scroll.at_end);
  const spoken = useAnnouncement(items, names);
  const me = useSession()?.agent.id ?? "";
  const deeds = useItemDeeds(head);
  useCommand("react", () => {
    const newest = mine ? items.findLast((item) => item.direction === "in" && reactable(item)) : undefined;
    if (newest) reactTo(newest.seq);
  });

  return (
    <div className={classes.wrap}>
      <section
        ref={scroll.box}
        className={classes.scroller}
        onScroll={scroll.onScroll}
        data-testid="thread"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
        tabIndex={0}
        aria-label={t("thread.label")}
      >
        <div className={classes.inner}>
          <p className={classes.edge} role="status">
            {hasOlder(thread) ? older.busy && t("thread.loading_older") : t("thread.beginning")}
          </p>
          {lines(items).map(({ item, new_day, first }) => (
            <Fragment key={item.seq}>
              {new_day && (
                <h2 className={classes.day}>
                  <span>{day(item.at, now)}</span>
                </h2>
              )}
              <Item
                item={item}
                head={head}
                me={me}
                first={first}
                quoted={item.reply_to_seq == null ? undefined : bySeq.get(item.reply_to_seq)}
                names={names}
                deeds={mine ? deeds : undefined}
              />
            </Fragment>
          ))}
          {pending.map((one) => (
            <PendingItem key={one.client_ref} pending={one} epoch={head.epoch} />
          ))}
        </div>
      </section>
      {!scroll.at_end && (
        <Button
          className={classes.newest}
          size="compact-sm"
          radius="xl"
          variant={scroll.unseen > 0 ? "filled" : "default"}
          leftSection={<IconArrowDown size={14} aria-hidden="true" />}
          onClick={scroll.toEnd}
          data-testid="to-newest"
        >
          {scroll.unseen > 0 ? t("thread.new_below", { count: scroll.unseen }) : t("thread.to_newest")}
        </Button>
      )}
      <div className="visually-hidden" aria-live="polite" data-testid="announcer">
        {spoken}
      </div>
    </div>
  );
}
