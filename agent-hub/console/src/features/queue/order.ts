/**
 * Which rows a list shows, in which order. While somebody points at the list or has scrolled it, rows keep their places:
 * new ones are counted, not shown, and gone ones stay until the list is at rest. Pure.
 */
import type { ConversationView, Uuid } from "../../api/types";

export interface Shown {
  order: Uuid[];
  /** Rows the server has and we hold back. */
  fresh: number;
}

export function arrange(shown: readonly Uuid[], rows: readonly ConversationView[], still: boolean): Shown {
  if (!still || shown.length === 0) return { order: rows.map((row) => row.id), fresh: 0 };
  const known = new Set(shown);
  return { order: [...shown], fresh: rows.filter((row) => !known.has(row.id)).length };
}

/** The neighbour of the open conversation, for the keyboard; from nothing, the first or the last. */
export function neighbour(order: readonly Uuid[], open: Uuid | undefined, step: 1 | -1): Uuid | undefined {
  const at = open === undefined ? -1 : order.indexOf(open);
  if (at === -1) return step === 1 ? order[0] : order.at(-1);
  return order[at + step];
}
