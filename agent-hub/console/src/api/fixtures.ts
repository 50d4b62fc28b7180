/** Small invented conversations for tests. */
import type { ConversationFrame, ConversationView, ItemView } from "./types";

export const head = (over: Partial<ConversationView> = {}): ConversationView => ({
  id: "c1",
  contact: { id: "p1", name: "Ana Exemplo", erased: false },
  channel_id: "n1",
  channel_name: "Atendimento",
  status: "open",
  handler: "agent",
  state: "attending",
  priority: 0,
  epoch: 1,
  last_seq: 0,
  last_rev: 0,
  unread: 0,
  opened_at: "2026-03-02T12:00:00Z",
  preview: "",
  ...over,
});

export const item = (seq: number, over: Partial<ItemView> = {}): ItemView => ({
  seq,
  id: `m${seq}`,
  direction: "in",
  author: { kind: "contact", id: "p1" },
  at: "2026-03-02T12:00:00Z",
  received_at: "2026-03-02T12:00:00Z",
  content: { kind: "text", text: `text ${seq}` },
  edited: false,
  revoked: false,
  reactions: [],
  ...over,
});

export const frame = (
  rev_from: number,
  rev_to: number,
  items: ItemView[],
  over: Partial<ConversationView> = {},
): ConversationFrame => ({
  type: "conversation",
  conversation_id: "c1",
  rev_from,
  rev_to,
  conversation: head({ last_rev: rev_to, ...over }),
  items,
});
