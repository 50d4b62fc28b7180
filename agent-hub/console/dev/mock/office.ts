/** Files, numbers, templates, notices and error codes of the invented server. */
import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import type { Store } from "./store.ts";

type Send = (status: number, answer?: unknown) => void;

/** True when it answered. */
export function office(store: Store, route: string, url: URL, send: Send, response: ServerResponse): boolean {
  const file = /^GET \/media\/([^/]+)(\/thumbnail)?$/.exec(route);
  if (file) {
    const found = store.files.get(file[1] ?? "");
    if (!found) send(404, { status: 404, code: "not_found", title: "No." });
    else response.writeHead(200, { "content-type": found.view.mime_type ?? "" }).end(found.bytes);
  } else if (/^POST \/media\/[^/]+\/retry$/.test(route)) send(202);
  else if (route === "GET /error-codes") {
    const table = new URL("../../../../core/src/model/graph_codes.json", import.meta.url);
    send(200, JSON.parse(readFileSync(table, "utf8")));
  } else if (route === "GET /channels") send(200, { channels: CHANNELS });
  else if (route === "GET /templates") send(200, { templates: TEMPLATES });
  else if (route.startsWith("POST /templates") || route.startsWith("DELETE /templates")) send(202, {});
  else if (route === "GET /notices") {
    const least = url.searchParams.get("at_least");
    send(200, { notices: NOTICES.filter((one) => !least || one.severity !== "info") });
  } else if (/^POST \/notices\/[^/]+\/open$/.test(route))
    send(200, { text: { field: "account_alerts", value: 1 } });
  else return false;
  return true;
}

const at = new Date(Date.now() - 3_600_000).toISOString();

const template = (name: string, over: object) => ({
  id: name,
  name,
  language: "pt_BR",
  category: "UTILITY",
  status: "APPROVED",
  quality: "GREEN",
  is_sendable: true,
  parameter_format: "POSITIONAL",
  components: [],
  needs: { header: null, body: [], buttons: [], cards: 0 },
  updated_at: at,
  ...over,
});

const TEMPLATES = [
  template("retomar_atendimento", {
    components: [
      {
        type: "BODY",
        text: "Olá, {{1}}! Temos novidades sobre o seu atendimento {{2}}. Podemos continuar por aqui?",
        example: { body_text: [["Ana", "20261120-0001"]] },
      },
    ],
    needs: { header: null, body: ["1", "2"], buttons: [], cards: 0 },
  }),
  template("visita_tecnica", {
    parameter_format: "NAMED",
    quality: "YELLOW",
    components: [
      { type: "HEADER", format: "TEXT", text: "Visita técnica" },
      {
        type: "BODY",
        text: "Olá, {{nome}}! O técnico chega em {{data}}, entre {{inicio}} e {{fim}}. Está bom assim?",
        example: { body_text_named_params: [{ param_name: "nome", example: "Ana" }] },
      },
      { type: "FOOTER", text: "Provedor Exemplo" },
      {
        type: "BUTTONS",
        buttons: [
          { type: "QUICK_REPLY", text: "Confirmar" },
          { type: "QUICK_REPLY", text: "Outro dia" },
        ],
      },
    ],
    needs: { header: null, body: ["nome", "data", "inicio", "fim"], buttons: [], cards: 0 },
  }),
  template("fatura_em_pdf", {
    components: [
      { type: "HEADER", format: "DOCUMENT" },
      { type: "BODY", text: "Aqui está a sua fatura de {{1}}, com vencimento em {{2}}." },
      { type: "BUTTONS", buttons: [{ type: "URL", text: "Abrir fatura", url: "https://example.com/{{1}}" }] },
    ],
    needs: {
      header: { type: "document" },
      body: ["1", "2"],
      buttons: [{ index: 0, sub_type: "url" }],
      cards: 0,
    },
  }),
  template("promocao_fibra", {
    category: "MARKETING",
    status: "PAUSED",
    quality: "RED",
    is_sendable: false,
    language: "es",
    components: [{ type: "BODY", text: "{{1}}, duplique la velocidad por {{2}} más al mes." }],
    needs: { header: null, body: ["1", "2"], buttons: [], cards: 0 },
  }),
  template("oferta_nova", {
    category: "MARKETING",
    status: "REJECTED",
    quality: "UNKNOWN",
    is_sendable: false,
    rejected_reason: "INVALID_FORMAT",
    components: [{ type: "BODY", text: "Compre agora!" }],
  }),
];

const CHANNELS = [
  {
    id: "c",
    name: "Atendimento",
    phone: "551130001000",
    state: "warning",
    health: {
      phone_number_id: "100",
      waba_id: "200",
      waiting: 0,
      throughput_per_second: 80,
      checked_at: at,
      grade: "warn",
      findings: [
        { check: "token", grade: "ok", says: "The access token is valid and has the permissions it needs." },
        {
          check: "quality",
          grade: "warn",
          says: "Quality is YELLOW: customers blocked or reported the number.",
        },
      ],
      facts: { quality: "YELLOW", messaging_limit: "TIER_10K", verified_name: "Provedor Exemplo" },
      noticed: {},
      templates: [{ name: "promocao_fibra", language: "es", status: "PAUSED", reason: "LOW_QUALITY" }],
    },
  },
  {
    id: "d",
    name: "Vendas 0800",
    phone: "558000000000",
    state: "stopped",
    health: {
      phone_number_id: "101",
      waba_id: "200",
      stopped: { reason: "code_190" },
      waiting: 14,
      throughput_per_second: 80,
      checked_at: at,
      grade: "fail",
      findings: [{ check: "token", grade: "fail", says: "The access token has expired. Make a new one." }],
      facts: { quality: "GREEN", messaging_limit: "TIER_UNLIMITED" },
      noticed: {},
      templates: [],
    },
  },
];

const notice = (id: string, over: object) => ({
  id,
  waba_id: "200",
  field: "account_alerts",
  event: null,
  severity: "alert",
  detail: {},
  at,
  received_at: at,
  ...over,
});

const NOTICES = [
  notice("n1", {
    event: "INCREASED_CAPABILITIES_ELIGIBILITY_DEFERRED",
    detail: { alert_severity: "WARNING" },
  }),
  notice("n2", {
    field: "message_template_status_update",
    event: "PAUSED",
    severity: "warning",
    detail: { name: "promocao_fibra", language: "es", reason: "LOW_QUALITY" },
  }),
  notice("n3", { field: "phone_number_quality_update", event: "UPGRADE", severity: "info" }),
];
