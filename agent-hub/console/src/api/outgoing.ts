/**
 * Words on their way: shown at once, sent when there is a connection, sent again with the same reference after a lost one.
 * The rules are in `outbox.ts`; this class keeps the list in the query cache and in session storage.
 */
import type { QueryClient } from "@tanstack/react-query";
import { keys } from "./keys";
import * as outbox from "./outbox";
import { STORE_CHANGED } from "./problem";
import type { ClientFrame, ItemView, Problem, Uuid } from "./types";

/** A send unanswered for so long means a dead connection that does not know it. */
const SILENCE_MS = 8_000;

export interface OutgoingHooks {
  /** False when there is no connection. */
  send: (frame: ClientFrame) => boolean;
  onSilence: () => void;
}

export class Outgoing {
  private store_epoch: Uuid | null;
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(
    private readonly cache: QueryClient,
    private readonly hooks: OutgoingHooks,
  ) {
    const kept = outbox.load();
    this.store_epoch = kept.store_epoch;
    cache.setQueryDefaults(keys.outbox, { gcTime: Number.POSITIVE_INFINITY });
    cache.setQueryData(keys.outbox, kept.list);
  }

  stop(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
  }

  /** While offline it waits here and goes out on the next connection. */
  write(one: Omit<outbox.Pending, "client_ref" | "at" | "state">): void {
    this.put({ ...one, client_ref: crypto.randomUUID(), at: new Date().toISOString(), state: "sending" });
  }

  /** Again, with the same reference: the refusal changed nothing on the server. */
  retry(client_ref: string, epoch: number): void {
    const found = this.list().find((one) => one.client_ref === client_ref);
    if (!found) return;
    const { problem: _, ...rest } = found;
    this.discard(client_ref);
    this.put({ ...rest, epoch, state: "sending", at: new Date().toISOString() });
  }

  discard(client_ref: string): void {
    this.set(outbox.without(this.list(), client_ref));
  }

  /** A connection began: to the store we knew, or to another one that may have forgotten what it accepted. */
  connected(store_epoch: Uuid): void {
    const another = this.store_epoch !== null && this.store_epoch !== store_epoch;
    this.store_epoch = store_epoch;
    this.set(another ? outbox.refuseAll(this.list(), STORE_CHANGED) : this.list());
    for (const one of this.list()) if (one.state === "sending") this.transmit(one);
  }

  accepted(client_ref: string, seq: number): void {
    this.set(outbox.accept(this.list(), client_ref, seq));
  }

  refused(client_ref: string, problem: Problem): void {
    this.set(outbox.refuse(this.list(), client_ref, problem));
  }

  /** Lets go of what the stored order shows; without items nobody looks, and it will show when somebody does. */
  settle(id: Uuid, items: readonly ItemView[] | undefined): void {
    this.set(
      items
        ? outbox.settle(this.list(), id, items)
        : this.list().filter((one) => one.conversation_id !== id || one.state !== "accepted"),
    );
  }

  private put(one: outbox.Pending): void {
    this.set([...this.list(), one]);
    this.transmit(one);
  }

  private transmit(one: outbox.Pending): void {
    const { client_ref, conversation_id, text, content, epoch } = one;
    const what = content ? { content } : { text };
    const frame: ClientFrame =
      one.kind === "note"
        ? { type: "note", client_ref, conversation_id, text }
        : {
            type: "send",
            client_ref,
            conversation_id,
            epoch,
            reply_to_seq: one.reply_to_seq ?? null,
            ...what,
          };
    if (!this.hooks.send(frame)) return;
    clearTimeout(this.timers.get(client_ref));
    this.timers.set(
      client_ref,
      setTimeout(() => {
        this.timers.delete(client_ref);
        const waits = this.list().some((it) => it.client_ref === client_ref && it.state === "sending");
        if (waits) this.hooks.onSilence();
      }, SILENCE_MS),
    );
  }

  private list(): outbox.Pending[] {
    return this.cache.getQueryData<outbox.Pending[]>(keys.outbox) ?? [];
  }

  private set(list: outbox.Pending[]): void {
    this.cache.setQueryData(keys.outbox, list);
    outbox.keep({ store_epoch: this.store_epoch, list });
  }
}
