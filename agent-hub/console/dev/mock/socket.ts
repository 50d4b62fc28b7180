/** The live half of the invented server: one session per socket. */
import type { WebSocket } from "ws";
import type { AgentView, ClientFrame, ServerFrame } from "../../src/api/types";
import { Refusal, type Store } from "./store.ts";

type ListSub = Extract<ClientFrame, { type: "subscribe_list" }>;

export function serve(store: Store, me: AgentView, ws: WebSocket): void {
  const lists = new Map<string, ListSub>();
  const watched = new Map<string, number>();
  const send = (frame: ServerFrame) => ws.send(JSON.stringify({ v: 1, ...frame }));

  const list = (sub: ListSub) => {
    const rows = store.rows(sub.scope, me, sub.team_id ?? null);
    send({ type: "list", list: sub.list, rows: rows.slice(0, sub.limit), total: rows.length });
  };
  const changes = (id: string, after: number) => {
    const one = store.find(id);
    const touched = new Set(one.revs.slice(after));
    const items = after === 0 ? one.items.slice(-50) : one.items.filter((item) => touched.has(item.seq));
    send({
      type: "conversation",
      conversation_id: id,
      rev_from: after,
      rev_to: one.revs.length,
      conversation: one.view,
      items,
    });
    watched.set(id, one.revs.length);
  };
  let due: NodeJS.Timeout | undefined;
  const onChange = (id: string) => {
    const rev = watched.get(id);
    if (rev !== undefined) changes(id, rev);
    due ??= setTimeout(() => {
      due = undefined;
      for (const sub of lists.values()) list(sub);
      send({ type: "floor", ...store.floor() });
    }, 250);
  };
  store.listeners.add(onChange);
  ws.on("close", () => {
    clearTimeout(due);
    store.listeners.delete(onChange);
  });
  ws.on("message", (data) => {
    const frame = JSON.parse(String(data)) as ClientFrame;
    try {
      receive(frame);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const client_ref = "client_ref" in frame ? frame.client_ref : null;
      const conversation_id = "conversation_id" in frame ? frame.conversation_id : null;
      send({ type: "refused", client_ref, conversation_id, problem: error.problem });
    }
  });

  const receive = (frame: ClientFrame) => {
    if (frame.type === "subscribe_list") {
      lists.set(frame.list, frame);
      list(frame);
    } else if (frame.type === "unsubscribe_list") lists.delete(frame.list);
    else if (frame.type === "subscribe") changes(frame.conversation_id, frame.after_rev ?? 0);
    else if (frame.type === "changes") changes(frame.conversation_id, frame.after_rev);
    else if (frame.type === "unsubscribe") watched.delete(frame.conversation_id);
    else if (frame.type === "set_presence") me.presence = frame.presence;
    else if (frame.type === "read") {
      const one = store.find(frame.conversation_id);
      one.view.unread = 0;
      store.touch(one, 0);
    } else if (frame.type === "send" || frame.type === "note") {
      const { client_ref, conversation_id } = frame;
      const seq = store.write(me, { ...frame, text: frame.text ?? "" }, frame.type === "note");
      send({ type: "accepted", client_ref, conversation_id, seq });
    }
  };

  send({ type: "welcome", store_epoch: store.epoch, agent: me, locale: "pt-BR", max_frame_bytes: 65_536 });
  send({ type: "floor", ...store.floor() });
}
