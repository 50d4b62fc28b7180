/** A morning at an invented provider, played through the front doors. Nobody in it exists. */
import type { APIRequestContext } from "@playwright/test";

export interface Customer {
  phone: string;
  name: string;
  /** What they write, one after the other; the bot answers in between. */
  says: readonly string[];
  /** How long ago, in minutes, their last word was. */
  minutes: number;
}

export const MARINA: Customer = {
  phone: "5511955501026",
  name: "Marina Exemplo",
  says: ["Oi, bom dia!", "minha internet está lenta desde ontem", "quero falar com um atendente"],
  minutes: 9,
};
export const EMMA: Customer = {
  phone: "5511955501098",
  name: "Emma Sample",
  says: ["Hello", "English", "My internet is down", "agent please"],
  minutes: 6,
};
export const DIEGO: Customer = {
  phone: "5511955501031",
  name: "Diego Ejemplo",
  says: ["Hola, buenos días", "pagué la factura ayer y sigue figurando abierta", "atendente"],
  minutes: 17,
};
export const RUI: Customer = {
  phone: "5511955501067",
  name: "Rui Cenário",
  says: ["bom dia"],
  minutes: 2,
};

export const CUSTOMERS: readonly Customer[] = [
  MARINA,
  EMMA,
  DIEGO,
  RUI,
  {
    phone: "5511955501045",
    name: "Otávio Modelo",
    says: ["Boa tarde, meu roteador não liga mais", "atendente"],
    minutes: 12,
  },
  {
    phone: "5511955501059",
    name: "Padaria Pão de Ensaio",
    says: ["a maquininha de cartão parou de novo, é urgente", "atendente"],
    minutes: 8,
  },
  {
    phone: "5511955501072",
    name: "Lívia Amostra",
    says: ["oi", "queria mudar de plano", "atendente"],
    minutes: 5,
  },
  {
    phone: "5511955501083",
    name: "Helena Fictícia",
    says: ["Mudei de endereço e preciso transferir a instalação para a semana que vem", "atendente"],
    minutes: 3,
  },
  {
    phone: "5511955501010",
    name: "João Inventado",
    says: ["atendente", "é sobre a visita técnica de amanhã"],
    minutes: 1,
  },
  {
    phone: "5511955501114",
    name: "Clínica Bom Teste",
    says: ["bom dia, precisamos de uma nota fiscal", "atendente"],
    minutes: 21,
  },
  { phone: "5511955501120", name: "Sofia Figurante", says: ["oi"], minutes: 1 },
];

const BOT_ANSWERS_WITHIN_MS = 20_000;

/** A customer says all they have to say. The bot is silent once it passed them on. */
export async function play(request: APIRequestContext, simulator: string, customer: Customer): Promise<void> {
  let shown = await thread(request, simulator, customer.phone);
  for (const text of customer.says) {
    await say(request, simulator, customer, text);
    if (!shown.some(isHandOff)) shown = await thread(request, simulator, customer.phone, shown.length + 1);
  }
}

export async function say(
  request: APIRequestContext,
  simulator: string,
  { phone, name }: Customer,
  body: string,
): Promise<void> {
  const url = `${simulator}/sim/contacts/${phone}/messages?name=${encodeURIComponent(name)}`;
  const answer = await request.post(url, { data: { type: "text", text: { body } } });
  if (!answer.ok()) throw new Error(`the simulator refused: ${await answer.text()}`);
}

const isHandOff = (text: string): boolean => /posição na fila|place in the queue/.test(text);

/** What a phone shows, as soon as it shows more than so many messages. */
async function thread(request: APIRequestContext, simulator: string, phone: string, moreThan?: number) {
  const wait = moreThan === undefined ? "" : `?more_than=${moreThan}&wait_ms=${BOT_ANSWERS_WITHIN_MS}`;
  const answer = await request.get(`${simulator}/sim/contacts/${phone}/messages${wait}`, {
    timeout: BOT_ANSWERS_WITHIN_MS + 5_000,
  });
  const { messages } = (await answer.json()) as { messages: { text: string }[] };
  if (messages.length <= (moreThan ?? -1)) throw new Error("the bot did not answer");
  return messages.map(({ text }) => text);
}
