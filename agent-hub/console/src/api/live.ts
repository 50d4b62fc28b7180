/**
 * Feeds the query cache from the socket: lists, open conversations, the floor, and what waits to be stored.
 * Reads and commands that need an answer go by REST (`client.ts`); this class keeps the subscriptions alive.
 */
import type { QueryClient } from "@tanstack/react-query";
import { api } from "./client";
import { keys } from "./keys";
import { Outgoing } from "./outgoing";
import { problemOf } from "./problem";
import { session } from "./session";
import { Socket } from "./socket";
import { applyFrame, fromMessages, prependOlder, type Thread, withHead } from "./thread";
import type {
  ConversationFrame,
  ConversationView,
  ListScope,
  Presence,
  Problem,
  ServerFrame,
  Uuid,
  WatchMode,
} from "./types";

export type LinkState = "live" | "catching_up" | "offline";
export interface ListSpec {
  scope: ListScope;
  team_id?: Uuid | null;
  limit: number;
}
export interface ListData {
  rows: ConversationView[];
  total: number;
}

/** Without answers to all subscriptions after this, call it live all the same. */
const CATCH_UP_MAX_MS = 5_000;
const ASK_AGAIN_MS = 3_000;
/** The server passes one on in 20 s; more would be noise. */
const TYPING_EVERY_MS = 10_000;

export class Live {
  /** What is written here and not yet in the stored order. */
  readonly outgoing: Outgoing;
  private readonly socket: Socket;
  private readonly lists = new Map<string, { spec: ListSpec; users: number }>();
  private readonly watched = new Map<Uuid, WatchMode>();
  private readonly awaited = new Set<string>();
  private readonly asked = new Map<Uuid, { after_rev: number; at: number }>();
  private readonly rereading = new Set<Uuid>();
  private readonly listeners = new Set<() => void>();
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();
  private typed = { id: "", at: 0 };
  private link: LinkState = "catching_up";
  private store_epoch: Uuid | null = null;

  constructor(private readonly cache: QueryClient) {
    cache.setQueryDefaults(keys.floor, { gcTime: Number.POSITIVE_INFINITY });
    this.socket = new Socket({
      ticket: api.ticket,
      onFrame: (frame) => this.receive(frame),
      onDown: () => this.down(),
      onSessionEnded: async () => {
        const goesOn = await session.refresh();
        if (!goesOn) session.ended();
        return goesOn;
      },
    });
    this.outgoing = new Outgoing(cache, {
      send: (frame) => this.socket.send(frame),
      onSilence: () => this.link === "live" && this.socket.restart(),
    });
  }

  start(): void {
    this.socket.start();
  }

  stop(): void {
    this.socket.stop();
    this.outgoing.stop();
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  readonly getLink = (): LinkState => this.link;

  readonly subscribeLink = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Several components may watch one list: one subscription serves them all. */
  watchList(name: string, spec: ListSpec): () => void {
    const users = (this.lists.get(name)?.users ?? 0) + 1;
    this.lists.set(name, { spec, users });
    if (users === 1) this.socket.send({ type: "subscribe_list", list: name, ...spec });
    return () => {
      const left = (this.lists.get(name)?.users ?? 1) - 1;
      if (left > 0) this.lists.set(name, { spec, users: left });
      else {
        this.lists.delete(name);
        this.socket.send({ type: "unsubscribe_list", list: name });
      }
    };
  }

  watch(id: Uuid, mode: WatchMode): () => void {
    this.watched.set(id, mode);
    void this.cache.resetQueries({ queryKey: keys.refusal(id) });
    this.subscribe(id, mode);
    return () => {
      this.watched.delete(id);
      this.socket.send({ type: "unsubscribe", conversation_id: id });
    };
  }

  read(conversation_id: Uuid, seq: number): void {
    this.socket.send({ type: "read", conversation_id, seq });
  }

  /** Somebody writes to the customer. */
  typing(conversation_id: Uuid): void {
    const now = Date.now();
    if (this.typed.id === conversation_id && now - this.typed.at < TYPING_EVERY_MS) return;
    this.typed = { id: conversation_id, at: now };
    this.socket.send({ type: "typing", conversation_id });
  }

  /** Presence lives with the socket: told on the node that holds it. */
  setPresence(presence: Presence): void {
    this.socket.send({ type: "set_presence", presence });
  }

  /** A command's answer: the newest head, before its frame comes. */
  absorb(view: ConversationView): void {
    this.cache.setQueryData<Thread>(keys.thread(view.id), (thread) => thread && withHead(thread, view));
    for (const [key, data] of this.cache.getQueriesData<ListData>({ queryKey: keys.lists })) {
      if (!data?.rows.some((row) => row.id === view.id && row.last_rev <= view.last_rev)) continue;
      const rows = data.rows.map((row) => (row.id === view.id ? view : row));
      this.cache.setQueryData<ListData>(key, { ...data, rows });
    }
  }

  async loadOlder(id: Uuid): Promise<void> {
    const first = this.cache.getQueryData<Thread>(keys.thread(id))?.items[0];
    if (!first || first.seq <= 1) return;
    const page = await api.messages(id, first.seq);
    this.cache.setQueryData<Thread>(keys.thread(id), (thread) => thread && prependOlder(thread, page));
  }

  private subscribe(conversation_id: Uuid, mode: WatchMode): void {
    const rev = this.cache.getQueryData<Thread>(keys.thread(conversation_id))?.rev;
    this.socket.send({ type: "subscribe", conversation_id, mode, after_rev: rev ?? null });
  }

  private receive(frame: ServerFrame): void {
    switch (frame.type) {
      case "welcome":
        this.welcome(frame);
        break;
      case "list":
        this.cache.setQueryData<ListData>(keys.list(frame.list), { rows: frame.rows, total: frame.total });
        this.answered(`list ${frame.list}`);
        break;
      case "conversation":
        this.apply(frame);
        this.answered(frame.conversation_id);
        break;
      case "resync":
        this.reread(frame.conversation_id);
        this.answered(frame.conversation_id);
        break;
      case "accepted":
        this.outgoing.accepted(frame.client_ref, frame.seq);
        this.settle(frame.conversation_id);
        break;
      case "done":
        this.absorb(frame.conversation);
        break;
      case "refused":
        this.refused(frame.client_ref ?? null, frame.conversation_id ?? null, frame.problem);
        break;
      case "floor":
        this.cache.setQueryData(keys.floor, { teams: frame.teams, agents: frame.agents });
        break;
    }
  }

  private welcome(frame: Extract<ServerFrame, { type: "welcome" }>): void {
    if (this.store_epoch !== null && this.store_epoch !== frame.store_epoch) {
      void this.cache.resetQueries({ predicate: (query) => query.queryKey[0] !== keys.outbox[0] });
    }
    this.store_epoch = frame.store_epoch;
    session.updateAgent(frame.agent);
    this.setLink("catching_up");
    this.awaited.clear();
    for (const [name, { spec }] of this.lists) {
      this.awaited.add(`list ${name}`);
      this.socket.send({ type: "subscribe_list", list: name, ...spec });
    }
    for (const [id, mode] of this.watched) {
      this.awaited.add(id);
      this.subscribe(id, mode);
    }
    this.outgoing.connected(frame.store_epoch);
    if (this.awaited.size === 0) this.setLink("live");
    this.later(CATCH_UP_MAX_MS, () => this.link === "catching_up" && this.setLink("live"));
  }

  private apply(frame: ConversationFrame): void {
    const id = frame.conversation_id;
    const outcome = applyFrame(this.cache.getQueryData<Thread>(keys.thread(id)), frame);
    if (outcome.kind === "applied") this.setThread(id, outcome.thread);
    else if (outcome.kind === "reread") this.reread(id);
    else if (outcome.kind === "gap") this.askChanges(id, outcome.after_rev);
  }

  private askChanges(conversation_id: Uuid, after_rev: number): void {
    const before = this.asked.get(conversation_id);
    if (before?.after_rev === after_rev && Date.now() - before.at < ASK_AGAIN_MS) return;
    this.asked.set(conversation_id, { after_rev, at: Date.now() });
    this.socket.send({ type: "changes", conversation_id, after_rev });
  }

  private reread(id: Uuid): void {
    if (this.rereading.has(id) || !this.watched.has(id)) return;
    this.rereading.add(id);
    api
      .messages(id)
      .then((answer) => {
        this.setThread(id, fromMessages(answer));
        const mode = this.watched.get(id);
        if (mode) this.subscribe(id, mode);
      })
      .catch((error: unknown) => this.cache.setQueryData(keys.refusal(id), problemOf(error)))
      .finally(() => this.rereading.delete(id));
  }

  private setThread(id: Uuid, thread: Thread): void {
    this.cache.setQueryData<Thread>(keys.thread(id), thread);
    this.settle(id);
  }

  private settle(id: Uuid): void {
    const thread = this.watched.has(id) ? this.cache.getQueryData<Thread>(keys.thread(id)) : undefined;
    this.outgoing.settle(id, thread?.items);
  }

  private refused(client_ref: string | null, conversation_id: Uuid | null, problem: Problem): void {
    if (client_ref !== null) this.outgoing.refused(client_ref, problem);
    else if (conversation_id !== null) {
      this.cache.setQueryData(keys.refusal(conversation_id), problem);
      this.answered(conversation_id);
    }
  }

  private answered(key: string): void {
    if (this.awaited.delete(key) && this.awaited.size === 0) this.setLink("live");
  }

  private down(): void {
    this.awaited.clear();
    this.setLink("offline");
  }

  private setLink(link: LinkState): void {
    if (this.link === link) return;
    this.link = link;
    for (const listener of this.listeners) listener();
  }

  private later(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      work();
    }, ms);
    this.timers.add(timer);
  }
}
