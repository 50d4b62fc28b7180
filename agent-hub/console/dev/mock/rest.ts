/** The REST half of the invented server. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AgentView, MediaKind } from "../../src/api/types";
import { office } from "./office.ts";
import { Refusal, type Store } from "./store.ts";

type Body = Record<string, string & number>;

const sessions = new Map<string, AgentView>();

export async function rest(
  store: Store,
  tickets: Map<string, AgentView>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const isJson = request.headers["content-type"] === "application/json";
  const body = (isJson ? JSON.parse(bytes.toString() || "{}") : {}) as Body;
  const url = new URL(request.url ?? "/", "http://mock");
  const send = (status: number, answer?: unknown, headers: Record<string, string> = {}) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(answer === undefined ? undefined : JSON.stringify(answer));
  };
  try {
    const token = /Bearer (.+)/.exec(request.headers.authorization ?? "")?.[1] ?? "";
    const cookie = /mock=([\w-]+)/.exec(request.headers.cookie ?? "")?.[1] ?? "";
    const me = sessions.get(token);
    const route = `${request.method} ${url.pathname.replace("/api/v1", "")}`;
    if (route === "POST /session" || route === "POST /session/refresh") {
      const agent = route.endsWith("refresh") ? sessions.get(cookie) : login(store, body);
      if (!agent) throw new Refusal({ status: 401, code: "invalid_credentials", title: "No." });
      const fresh = randomUUID();
      sessions.set(fresh, agent);
      send(
        200,
        { access_token: fresh, expires_in: 300, agent, locale: "pt-BR" },
        { "set-cookie": `mock=${fresh}; HttpOnly; Path=/; SameSite=Strict` },
      );
    } else if (url.pathname === "/mock/say") {
      const one = [...store.cases.values()].find((it) =>
        it.view.contact.name?.startsWith(body.name ?? "Ana"),
      );
      if (one)
        store.append(
          one,
          "in",
          { kind: "contact", id: one.view.contact.id },
          { kind: "text", text: body.text ?? "Oi?" },
        );
      send(204);
    } else if (!me) {
      throw new Refusal({ status: 401, code: "unauthenticated", title: "Log in." });
    } else if (route === "POST /media") {
      if (bytes.length > 2_000_000)
        throw new Refusal({ status: 413, code: "too_large", title: "Too large." });
      const name = /filename\*=UTF-8''(.+)$/.exec(request.headers["content-disposition"] ?? "")?.[1];
      const kind = (url.searchParams.get("kind") ?? "document") as MediaKind;
      const view = store.keep(bytes, {
        kind,
        mime_type: request.headers["content-type"] ?? "application/octet-stream",
        file_name: kind === "document" && name ? decodeURIComponent(name) : null,
        is_inline: kind !== "document",
      });
      send(201, { id: view.id, kind, mime_type: view.mime_type, size_bytes: view.size_bytes });
    } else if (office(store, route, url, send, response)) {
      // Answered.
    } else answer(store, tickets, me, token, route, url, body, send, response);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    send(error.problem.status, error.problem);
  }
}

function login(store: Store, body: Body): AgentView | undefined {
  if (body.password === "errada") return undefined;
  const name = (body.email ?? "").split("@")[0] ?? "";
  const plain = (text: string) => text.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();
  return store.agents.find((agent) => plain(agent.name).startsWith(name));
}

function answer(
  store: Store,
  tickets: Map<string, AgentView>,
  me: AgentView,
  token: string,
  route: string,
  url: URL,
  body: Body,
  send: (status: number, answer?: unknown) => void,
  response: ServerResponse,
): void {
  const on = /^(GET|POST) \/conversations\/([^/]+)\/(\w+)$/.exec(route);
  const contact = /^(GET|POST) \/contacts\/([^/]+)(\/\w+)?$/.exec(route);
  const item = /^POST \/conversations\/([^/]+)\/items\/(\d+)\/([\w-]+)$/.exec(route);
  if (route === "DELETE /session") {
    sessions.delete(token);
    send(204);
  } else if (route === "POST /ws-tickets") {
    const ticket = randomUUID();
    tickets.set(ticket, me);
    send(200, { ticket, expires_in: 30 });
  } else if (route === "PUT /me/locale") {
    send(204);
  } else if (route === "GET /audit/key") {
    send(200, { vkey: "balcao.example+5f0d2a17+Ab3kExampleKeyExampleKeyExampleKeyExampleKe" });
  } else if (route === "GET /audit/export") {
    response.writeHead(200, { "content-type": "application/zip" });
    response.end(Buffer.from(`PK\u0005\u0006${"\0".repeat(18)}`, "latin1"));
  } else if (item) {
    touchItem(store, me, item[1] ?? "", Number(item[2]), item[3] ?? "", body);
    send(202, {});
  } else if (contact) {
    const views = [...store.cases.values()].map((one) => one.view);
    const mine = views.find((view) => view.contact.id === contact[2]);
    if (contact[3] === "/merge" || contact[3] === "/split") send(200, {});
    else if (contact[3]) send(200, { phone: "+55 11 90000-1000", bsuid: "BR.000000000000000" });
    else {
      const past = views.filter((view) => view.state === "closed").slice(0, 3);
      const identities = [
        { kind: "phone", value_masked: mine?.contact.phone_masked },
        { kind: "bsuid", value_masked: "BR.••••••0000" },
      ];
      const merges = [
        {
          merge_id: "m1",
          contact_id: "c2",
          at: new Date(Date.now() - 86_400_000).toISOString(),
          reason: "seen_together",
          conversations: 2,
        },
      ];
      send(200, {
        contact: mine?.contact,
        identities,
        username: "ana.exemplo",
        conversations: mine ? [mine, ...past] : past,
        merges,
        marketing: [{ channel_id: "c", consent: "stopped" }],
      });
    }
  } else if (on) conversation(store, me, on[2] ?? "", on[3] ?? "", url, body, send);
  else send(404, { status: 404, code: "not_found", title: route });
}

function touchItem(store: Store, me: AgentView, id: string, seq: number, verb: string, body: Body): void {
  const one = store.find(id);
  const item = one.items[seq - 1];
  if (!item) throw new Refusal({ status: 404, code: "not_found", title: "No." });
  if (verb === "reaction") {
    const others = item.reactions.filter((it) => it.author.kind === "contact");
    const mine = { author: { kind: "agent" as const, id: me.id }, emoji: String(body.emoji) };
    item.reactions = body.emoji ? [...others, mine] : others;
  } else item.ticks = verb === "cancel" ? "cancelled" : "sent";
  store.touch(one, seq);
}

function conversation(
  store: Store,
  me: AgentView,
  id: string,
  verb: string,
  url: URL,
  body: Body,
  send: (status: number, answer?: unknown) => void,
): void {
  const one = store.find(id);
  const system = { kind: "agent", id: me.id } as const;
  if (verb === "messages") {
    const before = Number(url.searchParams.get("before_seq") ?? Number.POSITIVE_INFINITY);
    const items = one.items.filter((item) => item.seq < before).slice(-50);
    setTimeout(() => send(200, { conversation: one.view, items, rev: one.revs.length }), 250);
    return;
  }
  store.owned(id, body.epoch ?? 0);
  if (verb === "claim") {
    store.own(one, me.id, { handler: "agent", state: "attending" });
    store.append(one, "internal", system, { kind: "system", line: { event: "claimed", agent_id: me.id } });
  } else if (verb === "release") {
    store.own(one, null, { handler: "queue", state: "waiting" });
    store.append(one, "internal", system, { kind: "system", line: { event: "released", by: me.id } });
  } else if (verb === "resolve") {
    store.own(one, one.view.agent_id ?? null, {
      status: "resolved",
      state: "closed",
      closed_reason: body.reason ?? null,
    });
    store.append(one, "internal", system, {
      kind: "system",
      line: { event: "resolved", by: me.id, reason: body.reason ?? null },
    });
  } else {
    const to = { team_id: body.team_id ?? null, agent_id: body.agent_id ?? null, note: body.note ?? null };
    store.own(
      one,
      to.agent_id,
      to.agent_id
        ? { handler: "agent", state: "attending" }
        : { handler: "queue", state: "waiting", team_id: to.team_id },
    );
    store.append(one, "internal", system, {
      kind: "system",
      line: { event: "transferred", by: me.id, ...to },
    });
  }
  send(200, one.view);
}
