/**
 * What was written here and is not yet in the stored order, by `client_ref`.
 * It survives a reload (session storage, this tab only): sending again with the same reference never doubles a message.
 */
import type { Sendable } from "./client";
import type { ItemView, Problem, Uuid } from "./types";

export interface Pending {
  client_ref: string;
  conversation_id: Uuid;
  kind: "send" | "note";
  /** What is shown of it; the whole message when there is no `content`. */
  text: string;
  /** A file or a template. */
  content?: Sendable;
  epoch: number;
  reply_to_seq?: number | null;
  at: string;
  state: "sending" | "accepted" | "refused";
  seq?: number;
  problem?: Problem;
}

export const accept = (list: readonly Pending[], client_ref: string, seq: number): Pending[] =>
  list.map((one) => (one.client_ref === client_ref ? { ...one, state: "accepted" as const, seq } : one));

export const refuse = (list: readonly Pending[], client_ref: string, problem: Problem): Pending[] =>
  list.map((one) => (one.client_ref === client_ref ? { ...one, state: "refused" as const, problem } : one));

export const without = (list: readonly Pending[], client_ref: string): Pending[] =>
  list.filter((one) => one.client_ref !== client_ref);

/** Lets go of what the stored order now shows. */
export function settle(
  list: readonly Pending[],
  conversation_id: Uuid,
  items: readonly ItemView[],
): Pending[] {
  const refs = new Set(items.map((item) => item.client_ref));
  const seqs = new Set(items.map((item) => item.seq));
  return list.filter(
    (one) =>
      one.conversation_id !== conversation_id ||
      !(refs.has(one.client_ref) || (one.seq !== undefined && seqs.has(one.seq))),
  );
}

/** After a restore the server may have forgotten an accepted send: a person decides, never a blind resend. */
export const refuseAll = (list: readonly Pending[], problem: Problem): Pending[] =>
  list.map((one) => (one.state === "refused" ? one : { ...one, state: "refused" as const, problem }));

const KEY = "balcao.outbox";

export interface Kept {
  store_epoch: Uuid | null;
  list: Pending[];
}

export function load(): Kept {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    if (kept && typeof kept === "object" && "list" in kept && Array.isArray(kept.list)) return kept as Kept;
  } catch {
    // Unreadable: start empty.
  }
  return { store_epoch: null, list: [] };
}

export function keep(kept: Kept): void {
  const list = kept.list.filter((one) => one.state !== "accepted");
  if (list.length === 0) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, JSON.stringify({ ...kept, list }));
}

export const forget = (): void => sessionStorage.removeItem(KEY);
