/** REST calls with the bearer token: one renewal on 401, a time-out on everything, problems as `ProblemError`. */
import { ProblemError, problemFrom, UNREACHABLE } from "./problem";
import { session } from "./session";
import type {
  ContactAnswer,
  Content,
  ConversationView,
  ErrorCodes,
  Locale,
  MessagesAnswer,
  RevealAnswer,
  Uuid,
} from "./types";

const TIMEOUT_MS = 15_000;
const EXPORT_TIMEOUT_MS = 120_000;
const PAGE_ITEMS = 50;

export async function call(
  method: string,
  path: string,
  body?: unknown,
  timeoutMs = TIMEOUT_MS,
): Promise<Response> {
  const once = async () => {
    const token = await session.token();
    try {
      return await fetch(`/api/v1${path}`, {
        method,
        headers: {
          ...(token ? { authorization: `Bearer ${token}` } : {}),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        credentials: "same-origin",
        signal: AbortSignal.timeout(timeoutMs),
      });
    } catch {
      throw new ProblemError(UNREACHABLE);
    }
  };
  let answer = await once();
  if (answer.status === 401 && (await session.refresh())) answer = await once();
  if (answer.status === 401) session.ended();
  if (!answer.ok) throw new ProblemError(await problemFrom(answer));
  return answer;
}

export const json = async <T>(method: string, path: string, body?: unknown): Promise<T> =>
  (await (await call(method, path, body)).json()) as T;

const of = (id: Uuid, verb: string) => `/conversations/${id}/${verb}`;

export const api = {
  ticket: async () => (await json<{ ticket: string }>("POST", "/ws-tickets")).ticket,
  messages: (id: Uuid, beforeSeq?: number) =>
    json<MessagesAnswer>(
      "GET",
      of(id, `messages?limit=${PAGE_ITEMS}${beforeSeq === undefined ? "" : `&before_seq=${beforeSeq}`}`),
    ),
  claim: (id: Uuid, epoch: number) => json<ConversationView>("POST", of(id, "claim"), { epoch }),
  release: (id: Uuid, epoch: number) => json<ConversationView>("POST", of(id, "release"), { epoch }),
  resolve: (id: Uuid, epoch: number, reason?: string) =>
    json<ConversationView>("POST", of(id, "resolve"), { epoch, reason }),
  transfer: (id: Uuid, epoch: number, to: { team_id?: Uuid; agent_id?: Uuid; note?: string }) =>
    json<ConversationView>("POST", of(id, "transfer"), { epoch, ...to }),
  /** An emoji on an item; null takes ours back. */
  react: async (id: Uuid, seq: number, emoji: string | null) =>
    void (await call("POST", of(id, `items/${seq}/reaction`), { emoji })),
  sendAgain: async (id: Uuid, seq: number) => void (await call("POST", of(id, `items/${seq}/send-again`))),
  cancel: async (id: Uuid, seq: number) => void (await call("POST", of(id, `items/${seq}/cancel`))),
  contact: (id: Uuid) => json<ContactAnswer>("GET", `/contacts/${id}`),
  reveal: (id: Uuid) => json<RevealAnswer>("POST", `/contacts/${id}/reveal`),
  merge: async (id: Uuid, other: Uuid) =>
    void (await call("POST", `/contacts/${id}/merge`, { other_contact_id: other })),
  split: async (id: Uuid, merge_id: Uuid) => void (await call("POST", `/contacts/${id}/split`, { merge_id })),
  errorCodes: () => json<ErrorCodes>("GET", "/error-codes"),
  setLocale: async (locale: Locale) => void (await call("PUT", "/me/locale", { locale })),
  auditKey: () => json<{ vkey: string }>("GET", "/audit/key"),
  auditExport: async (from: Date, to: Date) => {
    const range = new URLSearchParams({ from: from.toISOString(), to: to.toISOString() });
    const answer = await call("GET", `/audit/export?${range}`, undefined, EXPORT_TIMEOUT_MS);
    return answer.blob();
  },
};

/** What a message to the customer may be. */
export type Sendable = Extract<Content, { kind: "text" | "media" | "template" }>;
