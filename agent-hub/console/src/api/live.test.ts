// @vitest-environment jsdom
import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BASE_MS } from "./backoff";
import { frame, head, item } from "./fixtures";
import { keys } from "./keys";
import { Live } from "./live";
import type { Pending } from "./outbox";
import type { Thread } from "./thread";
import type { ServerFrame } from "./types";

/** The other end of the socket, in the hands of the test. */
class FakeSocket {
  static readonly OPEN = 1;
  static all: FakeSocket[] = [];
  readyState = 1;
  readonly sent: { type: string; [field: string]: unknown }[] = [];
  onopen?: () => void;
  onmessage?: (event: { data: string }) => void;
  onclose?: (event: { code: number }) => void;

  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {
    FakeSocket.all.push(this);
    queueMicrotask(() => this.onopen?.());
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.readyState = 3;
  }

  /** The server, the network or a proxy ends it. */
  cut(code = 1006): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }

  says(one: ServerFrame): void {
    this.onmessage?.({ data: JSON.stringify({ v: 1, ...one }) });
  }

  asked(type: string) {
    return this.sent.filter((one) => one.type === type);
  }
}

const welcome = (store_epoch = "e1"): ServerFrame => ({
  type: "welcome",
  store_epoch,
  agent: { id: "a1", name: "Otávio Atende", role: "agent", team_ids: [], presence: "online" },
  locale: "pt-BR",
  max_frame_bytes: 65_536,
});

let cache: QueryClient;
let live: Live;
let messages: unknown;

/** Long enough for the first retry, whatever the jitter. */
const tick = () => vi.advanceTimersByTimeAsync(BASE_MS);
const socket = (): FakeSocket => FakeSocket.all.at(-1) ?? expect.fail("no socket");
const thread = () => cache.getQueryData<Thread>(keys.thread("c1"));
const outbox = () => cache.getQueryData<Pending[]>(keys.outbox) ?? [];

beforeEach(async () => {
  vi.useFakeTimers();
  sessionStorage.clear();
  FakeSocket.all = [];
  let tickets = 0;
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.stubGlobal("fetch", async (path: string) => {
    if (path.endsWith("/ws-tickets")) {
      tickets += 1;
      return Response.json({ ticket: `t${tickets}` });
    }
    return Response.json(messages);
  });
  cache = new QueryClient();
  live = new Live(cache);
  live.start();
  await vi.advanceTimersByTimeAsync(0);
});

afterEach(() => {
  live.stop();
  cache.clear();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("a connection", () => {
  it("offers the protocol and a ticket of its own each time", async () => {
    expect(socket().protocols).toEqual(["balcao.v1", "ticket.t1"]);
    socket().cut();
    expect(live.getLink()).toBe("offline");
    await tick();
    expect(socket().protocols).toEqual(["balcao.v1", "ticket.t2"]);
  });

  it("is live when every subscription was answered, and catches up after the rev it has", async () => {
    live.watch("c1", "work");
    live.watchList("mine", { scope: "mine", limit: 50 });
    socket().says(welcome());
    expect(live.getLink()).toBe("catching_up");
    socket().says(frame(0, 3, [item(1), item(2), item(3)]));
    socket().says({ type: "list", list: "mine", rows: [], total: 0 });
    expect(live.getLink()).toBe("live");

    socket().cut();
    await tick();
    socket().says(welcome());
    expect(socket().asked("subscribe").at(-1)).toMatchObject({
      conversation_id: "c1",
      mode: "work",
      after_rev: 3,
    });
    socket().says({ type: "list", list: "mine", rows: [], total: 0 });
    expect(live.getLink()).toBe("catching_up");
    socket().says(frame(3, 4, [item(4)]));
    expect(live.getLink()).toBe("live");
    expect(thread()?.items.map((one) => one.seq)).toEqual([1, 2, 3, 4]);
  });

  it("moves to another node when asked to", async () => {
    socket().says(welcome());
    socket().says({ type: "reconnect", after_ms: 700 });
    expect(FakeSocket.all).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(701);
    expect(FakeSocket.all).toHaveLength(2);
  });

  it("serves two watchers of one list with one subscription", () => {
    socket().says(welcome());
    const spec = { scope: "mine", limit: 50 } as const;
    const first = live.watchList("mine", spec);
    const second = live.watchList("mine", spec);
    first();
    expect(socket().asked("subscribe_list")).toHaveLength(1);
    expect(socket().asked("unsubscribe_list")).toHaveLength(0);
    second();
    expect(socket().asked("unsubscribe_list")).toHaveLength(1);
  });
});

describe("an open conversation", () => {
  beforeEach(() => {
    live.watch("c1", "work");
    socket().says(welcome());
    socket().says(frame(0, 3, [item(1), item(2), item(3)]));
  });

  it("asks once for what is missing and applies the answer", () => {
    socket().says(frame(4, 5, [item(5)]));
    socket().says(frame(5, 6, [item(6)]));
    expect(socket().asked("changes")).toEqual([
      { v: 1, type: "changes", conversation_id: "c1", after_rev: 3 },
    ]);
    socket().says(frame(3, 6, [item(4), item(5), item(6)]));
    expect(thread()?.rev).toBe(6);
    expect(thread()?.items).toHaveLength(6);
  });

  it("is read anew on resync and followed from there", async () => {
    messages = { conversation: head({ last_rev: 9 }), items: [item(7), item(8)], rev: 9 };
    socket().says({ type: "resync", conversation_id: "c1" });
    await vi.advanceTimersByTimeAsync(0);
    expect(thread()?.items.map((one) => one.seq)).toEqual([7, 8]);
    expect(socket().asked("subscribe").at(-1)).toMatchObject({ after_rev: 9 });
  });

  it("is forgotten when the server's store is another one", async () => {
    live.outgoing.write({ conversation_id: "c1", kind: "send", text: "Oi", epoch: 1 });
    socket().cut();
    await tick();
    socket().says(welcome("e2"));
    expect(thread()).toBeUndefined();
    expect(socket().asked("subscribe").at(-1)).toMatchObject({ after_rev: null });
    expect(socket().asked("send")).toEqual([]);
    expect(outbox()[0]).toMatchObject({ state: "refused", problem: { code: "store_changed" } });
  });
});

describe("words on their way", () => {
  beforeEach(() => {
    live.watch("c1", "work");
    socket().says(welcome());
    socket().says(frame(0, 1, [item(1)]));
    live.outgoing.write({ conversation_id: "c1", kind: "send", text: "Oi", epoch: 4 });
  });

  const reference = () => outbox()[0]?.client_ref ?? expect.fail("nothing on its way");

  it("show at once and give way to the stored item", () => {
    const client_ref = reference();
    expect(socket().asked("send")).toEqual([
      { v: 1, type: "send", client_ref, conversation_id: "c1", epoch: 4, text: "Oi", reply_to_seq: null },
    ]);
    socket().says({ type: "accepted", client_ref, conversation_id: "c1", seq: 2 });
    expect(outbox()[0]?.state).toBe("accepted");
    socket().says(frame(1, 2, [item(2, { client_ref, direction: "out" })]));
    expect(outbox()).toEqual([]);
  });

  it("go out again with the same reference after a lost connection", async () => {
    const client_ref = reference();
    socket().cut();
    await tick();
    socket().says(welcome());
    expect(socket().asked("send")).toMatchObject([{ client_ref, epoch: 4 }]);
  });

  it("stay with the reason when refused, and may be sent again as the new owner", () => {
    const client_ref = reference();
    const problem = { status: 409, code: "not_owner", title: "Only its owner may do that." };
    socket().says({ type: "refused", client_ref, conversation_id: "c1", problem });
    expect(outbox()[0]).toMatchObject({ state: "refused", text: "Oi", problem });
    live.outgoing.retry(client_ref, 5);
    expect(socket().asked("send").at(-1)).toMatchObject({ client_ref, epoch: 5 });
  });

  it("expose a connection that died without telling", async () => {
    await vi.advanceTimersByTimeAsync(8_001);
    expect(FakeSocket.all).toHaveLength(2);
  });
});
