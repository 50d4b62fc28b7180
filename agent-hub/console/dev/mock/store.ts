/** An invented support floor in memory: enough of the rules of seq, rev and epoch for the console to be looked at. */
import { randomUUID } from "node:crypto";
import type {
  AgentView,
  Author,
  Content,
  ConversationView,
  Direction,
  ItemView,
  MediaView,
  Problem,
  TeamView,
} from "../../src/api/types";

export interface Case {
  view: ConversationView;
  items: ItemView[];
  /** Which item each rev touched; 0 is the conversation itself. */
  revs: number[];
}

export class Refusal extends Error {
  constructor(readonly problem: Problem) {
    super(problem.title);
  }
}

const refuse = (status: number, code: string): never => {
  throw new Refusal({ status, code, title: code });
};

export const MINUTE = 60_000;
export const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();

export class Store {
  readonly epoch = randomUUID();
  readonly teams: TeamView[] = [];
  readonly agents: AgentView[] = [];
  readonly cases = new Map<string, Case>();
  readonly files = new Map<string, { bytes: Buffer; view: MediaView }>();
  readonly listeners = new Set<(id: string) => void>();

  append(
    one: Case,
    direction: Direction,
    author: Author,
    content: Content,
    over: Partial<ItemView> = {},
  ): ItemView {
    const seq = one.items.length + 1;
    const at = new Date().toISOString();
    const item: ItemView = {
      seq,
      id: randomUUID(),
      direction,
      author,
      at,
      received_at: at,
      content,
      edited: false,
      revoked: false,
      reactions: [],
      ...over,
    };
    one.items.push(item);
    const { view } = one;
    view.last_seq = seq;
    if (direction !== "internal") {
      view.preview = "text" in content ? (content.text ?? "") : "title" in content ? content.title : "";
      view.preview_direction = direction;
    }
    if (direction === "in") {
      view.last_inbound_at = item.at;
      view.window_until = new Date(Date.parse(item.at) + 24 * 60 * MINUTE).toISOString();
      view.waiting_since ??= item.at;
      view.unread += 1;
    } else if (author.kind === "agent" && direction === "out") view.waiting_since = null;
    this.touch(one, seq);
    return item;
  }

  touch(one: Case, seq: number): void {
    one.revs.push(seq);
    one.view.last_rev = one.revs.length;
    for (const listener of this.listeners) listener(one.view.id);
  }

  find(id: string): Case {
    return this.cases.get(id) ?? refuse(404, "not_found");
  }

  owned(id: string, epoch: number): Case {
    const one = this.find(id);
    if (one.view.epoch !== epoch) refuse(409, "stale_epoch");
    return one;
  }

  write(
    me: AgentView,
    frame: {
      conversation_id: string;
      client_ref: string;
      text: string;
      content?: Content | null;
      epoch?: number;
      reply_to_seq?: number | null;
    },
    note: boolean,
  ): number {
    const one = this.find(frame.conversation_id);
    const before = one.items.find((item) => item.client_ref === frame.client_ref);
    if (before) return before.seq;
    if (/recusa/i.test(frame.text)) refuse(409, "not_owner");
    if (note) {
      return this.append(
        one,
        "internal",
        { kind: "agent", id: me.id },
        { kind: "note", text: frame.text },
        { client_ref: frame.client_ref },
      ).seq;
    }
    if (frame.epoch !== undefined) this.owned(frame.conversation_id, frame.epoch);
    const item = this.append(
      one,
      "out",
      { kind: "agent", id: me.id },
      frame.content ?? { kind: "text", text: frame.text },
      {
        media: this.carried(frame.content),
        client_ref: frame.client_ref,
        ticks: "queued",
        reply_to_seq: frame.reply_to_seq ?? null,
      },
    );
    const fails = /falha/i.test(frame.text);
    const steps = fails ? (["sent", "failed"] as const) : (["sent", "delivered", "read"] as const);
    for (const [at, ticks] of steps.entries()) {
      setTimeout(
        () => {
          item.ticks = ticks;
          if (ticks === "failed") item.error_code = 131_047;
          this.touch(one, item.seq);
        },
        500 * (at + 1),
      );
    }
    return item.seq;
  }

  /** What was uploaded before and is carried by a message now. */
  private carried(content: Content | null | undefined): MediaView[] {
    const id = content?.kind === "media" ? content.media.file : undefined;
    const file = id ? this.files.get(id) : undefined;
    return id && file ? [{ ...file.view, id }] : [];
  }

  keep(
    bytes: Buffer,
    over: Omit<MediaView, "id" | "part" | "state" | "has_thumbnail" | "size_bytes">,
  ): MediaView {
    const view: MediaView = {
      id: randomUUID(),
      part: 0,
      state: "ready",
      has_thumbnail: over.kind === "image",
      size_bytes: bytes.length,
      ...over,
    };
    this.files.set(view.id, { bytes, view });
    return view;
  }

  own(one: Case, agent: string | null, over: Partial<ConversationView>): void {
    Object.assign(one.view, { agent_id: agent, epoch: one.view.epoch + 1 }, over);
    this.touch(one, 0);
  }

  rows(scope: string, me: AgentView, team?: string | null): ConversationView[] {
    const all = [...this.cases.values()].map((one) => one.view);
    const wanted = all.filter((view) => {
      if (team && view.team_id !== team) return false;
      if (scope === "mine") return view.agent_id === me.id && view.state === "attending";
      if (scope === "queue") return view.state === "waiting";
      if (scope === "automation" || scope === "attending") return view.state === scope;
      return scope === "closed" ? view.state === "closed" : view.state !== "closed";
    });
    return wanted.sort((a, b) => (a.waiting_since ?? "9").localeCompare(b.waiting_since ?? "9"));
  }

  floor(): { teams: TeamView[]; agents: AgentView[] } {
    for (const team of this.teams) {
      const waiting = [...this.cases.values()]
        .map((one) => one.view)
        .filter((view) => view.team_id === team.id && view.state === "waiting");
      team.waiting = waiting.length;
      team.oldest_waiting_since = waiting.map((view) => view.waiting_since ?? "9").sort()[0] ?? null;
    }
    return { teams: this.teams, agents: this.agents };
  }
}
