/** Keeps the newest in sight while one is at the end, and one's place otherwise. */
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { ItemView } from "../../api/types";

const NEAR_END_PX = 60;
const NEAR_TOP_PX = 160;

export function useStickyScroll(items: readonly ItemView[], pending: number, loadOlder: () => void) {
  const box = useRef<HTMLElement>(null);
  const [at_end, setAtEnd] = useState(true);
  const [seen, setSeen] = useState(() => items.at(-1)?.seq ?? 0);
  const sticks = useRef(true);
  const before = useRef({ first: 0, height: 0, pending: 0 });
  const first = items[0]?.seq ?? 0;
  const last = items.at(-1)?.seq ?? 0;

  // biome-ignore lint/correctness/useExhaustiveDependencies: any change of the items may change the height
  useLayoutEffect(() => {
    const el = box.current;
    if (!el) return;
    const was = before.current;
    const wrote = pending > was.pending;
    if (wrote) sticks.current = true;
    if (sticks.current) el.scrollTop = el.scrollHeight;
    else if (first < was.first) el.scrollTop += el.scrollHeight - was.height;
    before.current = { first, height: el.scrollHeight, pending };
  }, [items, pending, first]);

  useEffect(() => {
    if (at_end) setSeen(last);
  }, [at_end, last]);

  useEffect(() => {
    const el = box.current;
    if (!el) return;
    // The composer grows, a panel opens: the newest stays in sight.
    const observer = new ResizeObserver(() => {
      if (sticks.current) el.scrollTop = el.scrollHeight;
    });
    observer.observe(el);
    if (el.firstElementChild) observer.observe(el.firstElementChild);
    return () => observer.disconnect();
  }, []);

  const onScroll = useCallback(() => {
    const el = box.current;
    if (!el) return;
    sticks.current = el.scrollHeight - el.scrollTop - el.clientHeight < NEAR_END_PX;
    setAtEnd(sticks.current);
    if (el.scrollTop < NEAR_TOP_PX) loadOlder();
  }, [loadOlder]);

  const toEnd = useCallback(() => {
    box.current?.scrollTo({ top: box.current.scrollHeight });
  }, []);

  return { box, at_end, onScroll, toEnd, unseen: at_end ? 0 : Math.max(0, last - seen) };
}
