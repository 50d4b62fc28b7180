/** Who acts next, as the reader sees it, and what that allows. Pure. */
import { type AgentView, type ConversationView, supervises, type Uuid } from "../../api/types";

export type Owner = "bot" | "queue" | "me" | "colleague" | "closed" | "snoozed";

export function ownerOf(head: ConversationView, me: Uuid): Owner {
  if (head.status === "resolved") return "closed";
  if (head.handler === "agent") return head.agent_id === me ? "me" : "colleague";
  if (head.status === "snoozed") return "snoozed";
  return head.handler;
}

export const windowIsOpen = (head: ConversationView, nowMs: number): boolean =>
  head.window_until != null && Date.parse(head.window_until) > nowMs;

/** Why a reply cannot be written now; null when it can. Notes are always possible. */
export type Lock = "bot" | "queue" | "colleague" | "closed" | "window" | null;

export function lockOf(head: ConversationView, me: Uuid, nowMs: number): Lock {
  const owner = ownerOf(head, me);
  if (owner === "closed" || owner === "bot" || owner === "colleague") return owner;
  if (owner === "queue" || owner === "snoozed") return "queue";
  return windowIsOpen(head, nowMs) ? null : "window";
}

export function mayClaim(head: ConversationView, me: AgentView): boolean {
  const owner = ownerOf(head, me.id);
  if (owner === "colleague") return supervises(me.role);
  return owner === "bot" || owner === "queue" || owner === "snoozed";
}

/** To give away or close what is one's own; supervisors, anybody's. */
export function mayHandle(head: ConversationView, me: AgentView): boolean {
  const owner = ownerOf(head, me.id);
  return owner === "me" || (owner !== "closed" && supervises(me.role));
}
