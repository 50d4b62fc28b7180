/**
 * The rules by which an open conversation follows the server, free of I/O.
 * A frame is applied when `rev_from <= our rev < rev_to`, dropped when `rev_to <= our rev`; otherwise changes are missing.
 * Held items are always a run of seqs without holes that ends at the newest: a hole means "read it anew".
 */
import type { ConversationFrame, ConversationView, ItemView, MessagesAnswer } from "./types";

export interface Thread {
  head: ConversationView;
  /** Ascending by seq, no holes. */
  items: ItemView[];
  rev: number;
  /** Changes to items older than those held, until a page brings them; by seq. */
  below: Readonly<Record<number, { item: ItemView; rev: number }>>;
}

export type Outcome =
  | { kind: "applied"; thread: Thread }
  | { kind: "dropped" }
  | { kind: "gap"; after_rev: number }
  | { kind: "reread" };

export function applyFrame(thread: Thread | undefined, frame: ConversationFrame): Outcome {
  if (!thread) {
    // Only a frame that builds on nothing is a whole view; a change to what we do not hold is not.
    if (frame.rev_from !== 0) return { kind: "reread" };
    return settled({ head: frame.conversation, items: inOrder(frame.items), rev: frame.rev_to, below: {} });
  }
  if (frame.rev_to <= thread.rev) return { kind: "dropped" };
  if (frame.rev_from > thread.rev) return { kind: "gap", after_rev: thread.rev };
  return settled(merge(thread, frame));
}

/** A whole view read by REST. */
export function fromMessages(answer: MessagesAnswer): Thread {
  return { head: answer.conversation, items: inOrder(answer.items), rev: answer.rev, below: {} };
}

/** Puts a page of older items in front; what changed since the page was read wins. */
export function prependOlder(thread: Thread, page: MessagesAnswer): Thread {
  const first = thread.items[0]?.seq ?? Number.POSITIVE_INFINITY;
  const below = { ...thread.below };
  const older: ItemView[] = [];
  for (const item of inOrder(page.items)) {
    if (item.seq >= first) continue;
    const late = below[item.seq];
    older.push(late && late.rev > page.rev ? late.item : item);
    delete below[item.seq];
  }
  const next = { ...thread, items: [...older, ...thread.items], below };
  return hasHole(next.items) ? thread : next;
}

/** A newer head from a command's answer or a list; never an older one. */
export function withHead(thread: Thread, head: ConversationView): Thread {
  return head.last_rev >= thread.head.last_rev ? { ...thread, head } : thread;
}

export const hasOlder = (thread: Thread): boolean => (thread.items[0]?.seq ?? 1) > 1;

function merge(thread: Thread, frame: ConversationFrame): Thread {
  const first = thread.items[0]?.seq ?? 0;
  const bySeq = new Map(thread.items.map((item) => [item.seq, item]));
  const below = { ...thread.below };
  for (const item of frame.items) {
    if (item.seq < first) below[item.seq] = { item, rev: frame.rev_to };
    else bySeq.set(item.seq, item);
  }
  const head = withHead(thread, frame.conversation).head;
  return { head, items: inOrder([...bySeq.values()]), rev: frame.rev_to, below };
}

const settled = (thread: Thread): Outcome =>
  hasHole(thread.items) ? { kind: "reread" } : { kind: "applied", thread };

const inOrder = (items: readonly ItemView[]): ItemView[] => [...items].sort((a, b) => a.seq - b.seq);

const hasHole = (items: readonly ItemView[]): boolean =>
  items.some((item, at) => at > 0 && item.seq !== (items[at - 1]?.seq ?? 0) + 1);
