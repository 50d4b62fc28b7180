/** Unsent words per conversation and kind, in session storage: they survive closing and reload, and go at log-out. */
import type { Uuid } from "./types";

export type DraftKind = "send" | "note";

const PREFIX = "balcao.draft.";
const key = (id: Uuid, kind: DraftKind) => `${PREFIX}${kind}.${id}`;

export const readDraft = (id: Uuid, kind: DraftKind): string => sessionStorage.getItem(key(id, kind)) ?? "";

export function writeDraft(id: Uuid, kind: DraftKind, text: string): void {
  if (text === "") sessionStorage.removeItem(key(id, kind));
  else sessionStorage.setItem(key(id, kind), text);
}

export const hasDraft = (id: Uuid): boolean => readDraft(id, "send") !== "" || readDraft(id, "note") !== "";

export function clearDrafts(): void {
  const keys = Array.from({ length: sessionStorage.length }, (_, at) => sessionStorage.key(at));
  for (const one of keys) if (one?.startsWith(PREFIX)) sessionStorage.removeItem(one);
}
