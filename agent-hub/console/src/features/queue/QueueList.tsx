/** The middle pane: virtualised rows in the server's order, which do not jump under the pointer. */
import { Skeleton } from "@mantine/core";
import { IconArrowUp } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useFloor, useList } from "../../api/hooks";
import type { ConversationView, Uuid } from "../../api/types";
import { useCommand } from "../../app/commands";
import { type Place, useGo } from "../../app/router";
import { arrange, neighbour } from "./order";
import classes from "./QueueList.module.css";
import { Row } from "./Row";

const ROW_HEIGHT = 78;
const AT_TOP_PX = 4;

export function QueueList({ place }: { place: Place }) {
  const { t } = useTranslation();
  const data = useList(place.scope, place.team);
  const { teams } = useFloor();
  const scroller = useRef<HTMLDivElement>(null);
  const list = useStillRows(data?.rows);
  useNeighbours(list.order, place);

  const virtual = useVirtualizer({
    count: list.order.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (at) => list.order[at] ?? at,
    overscan: 8,
  });
  const order = useRef(list.order);
  order.current = list.order;
  const openId = place.conversationId;
  useEffect(() => {
    // Only when another conversation is opened, never because rows moved.
    const at = openId ? order.current.indexOf(openId) : -1;
    if (at >= 0) virtual.scrollToIndex(at, { align: "auto" });
  }, [openId, virtual]);

  const team = teams.find((one) => one.id === place.team)?.name;
  const title = team ?? t(`nav.${place.scope}`);
  return (
    <section className={classes.pane} aria-label={t("list.label")}>
      <header className={classes.head}>
        <h2>{title}</h2>
        {data && (
          <span className={classes.count} data-testid="list-total" data-total={data.total}>
            {data.total > data.rows.length &&
              t("list.shown_of", { shown: data.rows.length, total: data.total })}
            {data.total > 0 && data.total <= data.rows.length && t("list.count", { count: data.total })}
          </span>
        )}
      </header>
      {list.fresh > 0 && (
        <button
          type="button"
          className={classes.fresh}
          data-testid="list-new"
          onClick={() => {
            list.release();
            scroller.current?.scrollTo({ top: 0 });
          }}
        >
          <IconArrowUp size={14} aria-hidden="true" /> {t("list.new", { count: list.fresh })}
        </button>
      )}
      <div
        ref={scroller}
        className={classes.scroller}
        onPointerEnter={list.pointed}
        onPointerLeave={list.left}
        onScroll={(event) => list.scrolled(event.currentTarget.scrollTop > AT_TOP_PX)}
      >
        {!data && <Skeletons />}
        {data && list.order.length === 0 && <p className={classes.empty}>{t(emptyText(place))}</p>}
        <ul
          className={classes.rows}
          style={{ height: virtual.getTotalSize() }}
          data-testid="conversation-list"
        >
          {virtual.getVirtualItems().map((item) => {
            const id = list.order[item.index];
            const row = id === undefined ? undefined : list.rows.get(id);
            if (!row) return null;
            return (
              <li
                key={row.id}
                className={classes.item}
                style={{ transform: `translateY(${item.start}px)` }}
                aria-setsize={list.order.length}
                aria-posinset={item.index + 1}
              >
                <Row
                  row={row}
                  place={place}
                  open={row.id === place.conversationId}
                  gone={!list.present.has(row.id)}
                />
              </li>
            );
          })}
        </ul>
      </div>
    </section>
  );
}

/** Rows by id (gone ones as last seen), their order, and whether the list is held still. */
function useStillRows(rows: readonly ConversationView[] | undefined) {
  const [pointed, setPointed] = useState(false);
  const [scrolled, setScrolled] = useState(false);
  const [released, setReleased] = useState(0);
  const memory = useRef({ order: [] as Uuid[], rows: new Map<Uuid, ConversationView>(), released: 0 });
  return useMemo(() => {
    const still = (pointed || scrolled) && released === memory.current.released;
    const now = rows ?? [];
    const { order, fresh } = arrange(memory.current.order, now, still);
    const present = new Map(now.map((row) => [row.id, row]));
    const known = new Map<Uuid, ConversationView>();
    for (const id of order) {
      const row = present.get(id) ?? memory.current.rows.get(id);
      if (row) known.set(id, row);
    }
    memory.current = { order, rows: known, released };
    return {
      order,
      fresh,
      rows: known,
      present,
      pointed: () => setPointed(true),
      left: () => setPointed(false),
      scrolled: setScrolled,
      release: () => setReleased((count) => count + 1),
    };
  }, [rows, pointed, scrolled, released]);
}

function useNeighbours(order: readonly Uuid[], place: Place): void {
  const go = useGo();
  const step = (by: 1 | -1) => {
    const id = neighbour(order, place.conversationId, by);
    if (id) go.toConversation(place, id);
  };
  useCommand("next", () => step(1));
  useCommand("previous", () => step(-1));
}

function emptyText(place: Place) {
  if (place.scope === "mine") return "list.empty_mine" as const;
  return place.scope === "queue" ? ("list.empty_queue" as const) : ("list.empty_other" as const);
}

function Skeletons() {
  return (
    <div className={classes.skeletons} aria-hidden="true">
      {[0, 1, 2, 3, 4].map((at) => (
        <div key={at} className={classes.skeleton}>
          <Skeleton circle height={36} />
          <div>
            <Skeleton height={10} width="55%" />
            <Skeleton height={9} width="85%" mt={9} />
          </div>
        </div>
      ))}
    </div>
  );
}
