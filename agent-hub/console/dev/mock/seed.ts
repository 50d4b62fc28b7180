/** Invented people and words. */
import { randomUUID } from "node:crypto";
import type { AgentView, CaseState, Content, Role } from "../../src/api/types";
import { everyKind, type Say } from "./kinds.ts";
import { ago, type Case, MINUTE, Store } from "./store.ts";

const NAMES = [
  "Ana Exemplo",
  "Bruno Modelo",
  "Carla Amostra",
  "Davi Fictício",
  "Elisa Teste",
  "Fábio Inventado",
  "Gilda Exemplar",
  "Heitor Rascunho",
  "Iara Simulada",
  "João Padrão",
  "Kátia Ensaio",
  "Luís Hipótese",
];
const WORDS = [
  "Minha internet caiu de novo, a luz vermelha está piscando",
  "Preciso da segunda via do boleto deste mês",
  "Quero mudar o vencimento para o dia 20, é possível?",
  "Bom dia! O técnico vem hoje?",
  "A velocidade está muito abaixo do contratado desde ontem à noite",
  "Mudei de endereço, como faço para levar o plano?",
  "Já paguei e continua bloqueado",
  "Atendente, por favor",
];

const pick = <T>(list: readonly T[], at: number): T => list[at % list.length] as T;

export function seeded(): Store {
  const store = new Store();
  for (const name of ["Suporte técnico", "Financeiro", "Vendas"]) {
    store.teams.push({ id: randomUUID(), name, waiting: 0 });
  }
  const people: [string, Role][] = [
    ["Marina Balcão", "supervisor"],
    ["Otávio Atende", "agent"],
    ["Paula Plantão", "agent"],
    ["Dora Dados", "dpo"],
  ];
  for (const [name, role] of people) {
    store.agents.push({
      id: randomUUID(),
      name,
      role,
      team_ids: store.teams.map((team) => team.id),
      presence: "online",
    });
  }
  for (let at = 0; at < 64; at += 1) addCase(store, at);
  return store;
}

function addCase(store: Store, at: number): void {
  const states: CaseState[] = ["waiting", "automation", "attending", "waiting", "attending", "closed"];
  const state = at === 0 ? "attending" : pick(states, at);
  const agents = store.agents.slice(0, 3) as AgentView[];
  const owner = state === "attending" ? pick(agents, at === 0 || at === 8 ? 0 : at) : undefined;
  const name =
    at < NAMES.length ? pick(NAMES, at) : `${pick(NAMES, at)} ${Math.floor(at / NAMES.length) + 1}`;
  const one: Case = {
    view: {
      id: randomUUID(),
      contact: {
        id: randomUUID(),
        name: at === 7 ? null : at === 9 ? null : name,
        phone_masked: `+55 •• •••••-${1000 + at * 37}`,
        erased: at === 9,
      },
      channel_id: "c",
      channel_name: at % 3 === 0 ? "Vendas 0800" : "Atendimento",
      status: state === "closed" ? "resolved" : "open",
      handler: owner ? "agent" : state === "automation" ? "bot" : "queue",
      state,
      priority: at === 3 ? 3 : 0,
      team_id: pick(store.teams, Math.floor(at / 3)).id,
      agent_id: owner?.id ?? null,
      epoch: 1,
      last_seq: 0,
      last_rev: 0,
      unread: 0,
      waiting_since: null,
      opened_at: ago(90 * MINUTE),
      protocol: `20260302${String(1000 + at)}`,
      handoff_reason: state === "waiting" ? "requested" : null,
      closed_reason: state === "closed" ? "solved" : null,
      preview: "",
    },
    items: [],
    revs: [],
  };
  store.cases.set(one.view.id, one);
  talk(store, one, at, state);
}

function talk(store: Store, one: Case, at: number, state: CaseState): void {
  const contact = { kind: "contact", id: one.view.contact.id } as const;
  const bot = { kind: "bot" } as const;
  let clock = Date.now() - (at === 0 ? 26 * 60 : 40) * MINUTE;
  const say = (
    direction: "in" | "out" | "internal",
    author: typeof contact | typeof bot | { kind: "agent" | "system"; id?: string },
    content: Content,
    over = {},
  ) => {
    clock += MINUTE * 1.5;
    const when = new Date(clock).toISOString();
    store.append(one, direction, author, content, { at: when, received_at: when, ...over });
  };
  if (at === 0)
    for (let turn = 0; turn < 40; turn += 1) {
      say("in", contact, { kind: "text", text: `${pick(WORDS, turn)} (${turn + 1})` });
      say("out", bot, { kind: "text", text: "Entendi. Vou verificar isso para você." }, { ticks: "read" });
    }
  say("in", contact, { kind: "text", text: pick(WORDS, at) });
  say(
    "out",
    bot,
    {
      kind: "buttons",
      text: "Olá! Sou o assistente. Como posso ajudar?",
      buttons: [
        { id: "1", title: "Sem internet" },
        { id: "2", title: "Boleto" },
        { id: "3", title: "Atendente" },
      ],
    },
    { ticks: "read" },
  );
  say("in", contact, { kind: "choice", id: "3", title: "Atendente" });
  if (state !== "automation") {
    say(
      "internal",
      { kind: "system" },
      {
        kind: "system",
        line: {
          event: "handed_off",
          reason: "requested",
          position: 3,
          summary:
            "Sem conexão desde 8h10. Luz LOS vermelha. Já reiniciou o roteador uma vez. CPF confirmado.",
        },
      },
    );
    say(
      "out",
      bot,
      { kind: "text", text: "Certo! Você é o 3º da fila. Protocolo 20260302-1000." },
      { ticks: "delivered" },
    );
    say("in", contact, { kind: "text", text: pick(WORDS, at + 3) }, { edited: at % 4 === 0 });
  }
  const owner = one.view.agent_id;
  if (owner) {
    const agent = { kind: "agent", id: owner } as const;
    say("internal", agent, { kind: "system", line: { event: "claimed", agent_id: owner } });
    say(
      "out",
      agent,
      { kind: "text", text: "Olá, aqui é do suporte. Vou olhar o sinal da sua fibra agora." },
      { ticks: "read" },
    );
    say("internal", agent, {
      kind: "note",
      text: "OLT mostra potência baixa (-29 dBm). Provável fibra dobrada; agendar visita se não voltar.",
    });
    if (at === 0) everyKind(store, one, say as Say, contact.id, owner);
    say("in", contact, { kind: "text", text: "Obrigada! Fico no aguardo 🙏" });
  }
  if (state === "closed")
    say("internal", { kind: "system" }, { kind: "system", line: { event: "resolved", reason: "solved" } });
  one.view.unread = state === "attending" || state === "waiting" ? at % 4 : 0;
  one.view.waiting_since =
    state === "closed" || state === "automation" ? null : ago((at % 17) * MINUTE + at * 1000);
  if (at === 4) one.view.window_until = ago(60 * MINUTE);
  // A second conversation of the same person, with its window closed.
  if (at === 8) one.view.window_until = ago(60 * MINUTE);
  if (at === 0) one.view.window_until = new Date(Date.now() + 95 * MINUTE).toISOString();
  if (one.view.contact.erased)
    for (const item of one.items) if (item.content?.kind !== "system") item.content = null;
}
