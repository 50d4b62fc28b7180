/** One of everything that a timeline can show. */
import type { Content, MediaView } from "../../src/api/types";
import { pdf, picture, silence } from "./pictures.ts";
import type { Case, Store } from "./store.ts";

export type Say = (
  direction: "in" | "out" | "internal",
  author: { kind: "contact" | "agent" | "system" | "channel_app"; id?: string },
  content: Content,
  over?: object,
) => void;

export function everyKind(store: Store, one: Case, say: Say, contactId: string, agentId: string): void {
  const contact = { kind: "contact", id: contactId } as const;
  const agent = { kind: "agent", id: agentId } as const;
  const system = { kind: "system" } as const;
  files(store, say, contact);
  given(say, contact);
  asked(store, say, agent);
  for (const line of [
    { event: "answered_on_phone" } as const,
    { event: "identity_changed", phone: true } as const,
    { event: "merged", from: "x" } as const,
    { event: "split", from: "x", by: agentId } as const,
  ])
    say("internal", system, { kind: "system", line });
  say(
    "out",
    { kind: "channel_app" },
    { kind: "text", text: "Respondi pelo celular da empresa." },
    { ticks: "read" },
  );
  say("in", contact, { kind: "text", text: "x" }, { revoked: true, content: null });
  say(
    "in",
    contact,
    { kind: "text", text: "Funcionou depois que desliguei" },
    { edited: true, edited_at: new Date().toISOString(), reply_to_seq: one.items.length - 1 },
  );
  say(
    "in",
    contact,
    { kind: "text", text: "E sobre aquela outra conversa?" },
    { quotes_elsewhere: { conversation_id: "z", seq: 3 } },
  );
  say(
    "out",
    agent,
    { kind: "text", text: "Recebi a foto. Pode desligar o aparelho da tomada por um minuto?" },
    {
      ticks: "read",
      reply_to_seq: one.items.findIndex((item) => item.content?.kind === "media") + 1,
      reactions: [
        { author: contact, emoji: "👍" },
        { author: agent, emoji: "❤️" },
      ],
    },
  );
  say(
    "out",
    agent,
    { kind: "text", text: "Mandei o passo a passo." },
    { ticks: "failed", error_code: 131_026 },
  );
  say("out", agent, { kind: "text", text: "Conseguiu?" }, { ticks: "unknown" });
  say("out", agent, { kind: "text", text: "Agendei a visita para amanhã." }, { ticks: "queued" });
}

function files(store: Store, say: Say, contact: { kind: "contact"; id: string }): void {
  const carry = (content: Content, view: MediaView, over = {}) =>
    say("in", contact, content, { media: [view], ...over });
  const image = (over: Partial<MediaView> = {}) => ({
    ...store.keep(picture(), { kind: "image", mime_type: "image/png", is_inline: true }),
    ...over,
  });
  carry({ kind: "media", media: { kind: "image", caption: "A luz está assim" } }, image());
  carry(
    { kind: "media", media: { kind: "audio", voice: true } },
    store.keep(silence(), { kind: "audio", mime_type: "audio/wav", is_inline: true }),
  );
  carry(
    { kind: "media", media: { kind: "video" } },
    {
      ...store.keep(picture(), { kind: "video", mime_type: "video/mp4", is_inline: true }),
      has_thumbnail: true,
    },
  );
  carry(
    { kind: "media", media: { kind: "document" } },
    store.keep(pdf(), {
      kind: "document",
      mime_type: "application/pdf",
      file_name: "comprovante de pagamento.pdf",
      is_inline: true,
    }),
  );
  carry(
    { kind: "media", media: { kind: "sticker" } },
    store.keep(picture(), { kind: "sticker", mime_type: "image/png", is_inline: true }),
  );
  carry({ kind: "media", media: { kind: "image" } }, image({ state: "pending" }));
  carry({ kind: "media", media: { kind: "image" } }, image({ state: "failed", reason: "unavailable" }));
  carry(
    { kind: "media", media: { kind: "document" } },
    image({ kind: "document", state: "quarantined", reason: "infected" }),
  );
}

function given(say: Say, contact: { kind: "contact"; id: string }): void {
  say("in", contact, {
    kind: "location",
    latitude: -23.55052,
    longitude: -46.63331,
    name: "Casa",
    address: "Rua dos Exemplos, 100",
  });
  say("in", contact, {
    kind: "contacts",
    cards: [
      {
        name: { formatted_name: "Síndico Exemplo", first_name: "Síndico" },
        phones: [{ phone: "5511900002000", type: "WORK" }],
        emails: [{ email: "sindico@exemplo.test" }],
        org: { company: "Condomínio Amostra" },
      },
    ],
  });
  say("in", contact, {
    kind: "order",
    order: {
      catalog_id: "1",
      text: "Entregar à tarde",
      product_items: [
        { product_retailer_id: "ROTEADOR-AX", quantity: 1, item_price: 249.9, currency: "BRL" },
        { product_retailer_id: "CABO-10M", quantity: 2, item_price: 35, currency: "BRL" },
      ],
    },
  });
  say("in", contact, {
    kind: "form",
    name: "flow",
    text: "Enviado",
    answers: { screen_0_nome_completo_0: "Ana Exemplo", screen_0_periodo_1: "0_Manhã", flow_token: "t" },
  });
  say("in", contact, {
    kind: "product",
    product: { catalog_id: "1", product_id: "ROTEADOR-AX" },
    text: "Tem?",
  });
  say("in", contact, { kind: "call", inbound: true, outcome: "missed" });
  say("in", contact, { kind: "call", inbound: true, outcome: "completed", duration_seconds: 193 });
  say(
    "in",
    contact,
    { kind: "unsupported", type_name: "unsupported", raw: {} },
    { circumstance: { faults: [{ code: 131_051, details: "Message type is currently not supported." }] } },
  );
  say(
    "in",
    contact,
    { kind: "text", text: "Recebi isso de um vizinho" },
    { circumstance: { forwarded: "often" }, author_name: "Vizinha do Grupo" },
  );
  say(
    "in",
    contact,
    { kind: "text", text: "Quero esse plano" },
    {
      circumstance: {
        referral: {
          source_type: "ad",
          source_url: "https://example.com/anuncio",
          headline: "Fibra 600 Mega",
          body: "Instalação grátis este mês.",
        },
      },
    },
  );
}

function asked(store: Store, say: Say, agent: { kind: "agent"; id: string }): void {
  const sent = { ticks: "read" };
  const card = (text: string) => ({
    media: { kind: "image" as const },
    text,
    action: { type: "link" as const, label: "Ver plano", url: "https://example.com/plano" },
  });
  const file = (part: number) => ({
    ...store.keep(picture(), { kind: "image" as const, mime_type: "image/png", is_inline: true }),
    part,
  });
  say(
    "out",
    agent,
    {
      kind: "list",
      text: "Escolha o período",
      open_label: "Ver períodos",
      heading: "Visita",
      footer: "Provedor Exemplo",
      sections: [
        {
          title: "Amanhã",
          rows: [
            { id: "1", title: "Manhã", description: "8h às 12h" },
            { id: "2", title: "Tarde" },
          ],
        },
      ],
    },
    sent,
  );
  say(
    "out",
    agent,
    { kind: "link", text: "Sua fatura está aqui", label: "Abrir fatura", url: "https://example.com/fatura" },
    sent,
  );
  say("out", agent, { kind: "location_request", text: "Onde fica a casa?" }, sent);
  say(
    "out",
    agent,
    { kind: "form_request", text: "Preencha os dados", label: "Abrir", form_id: "1", token: "t" },
    sent,
  );
  say(
    "out",
    agent,
    { kind: "carousel", text: "Nossos planos", cards: [card("300 Mega"), card("600 Mega")] },
    { ...sent, media: [file(0), file(1)] },
  );
  say(
    "out",
    agent,
    {
      kind: "template",
      name: "visita_tecnica",
      language: "pt_BR",
      preview:
        "Visita técnica\nOlá, Ana! O técnico chega em 20/11, entre 8h e 10h. Está bom assim?\nProvedor Exemplo",
      parameters: [],
    },
    sent,
  );
}
