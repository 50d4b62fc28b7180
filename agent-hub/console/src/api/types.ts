/**
 * What travels between the console and the server, mirroring `agent-hub/src/protocol.rs` field by field.
 * An optional field is null or absent. To be replaced by re-exports of `schema.gen.ts` (`npm run generate`).
 */

export type Uuid = string;
/** RFC 3339, UTC. */
export type Instant = string;

export type Role = "agent" | "supervisor" | "admin" | "dpo" | "auditor";
export type Locale = "pt-BR" | "en" | "es";
export type Presence = "online" | "away" | "offline";
export type ActorKind = "contact" | "bot" | "agent" | "system" | "campaign" | "channel_app" | "api_key";
export type ConversationStatus = "open" | "snoozed" | "resolved";
export type Handler = "bot" | "queue" | "agent";
export type CaseState = "automation" | "waiting" | "attending" | "closed" | "snoozed";
export type Direction = "in" | "out" | "internal";
export type HandoffReason = "requested" | "no_progress" | "flow" | "bot_unavailable" | "manual";
export type Ticks = "queued" | "sent" | "delivered" | "read" | "failed" | "expired" | "cancelled" | "unknown";
export type ListScope = "mine" | "queue" | "attending" | "automation" | "all" | "closed";
export type WatchMode = "work" | "listen";
export type MediaKind = "image" | "video" | "audio" | "document" | "sticker";

export interface Author {
  kind: ActorKind;
  id?: Uuid | null;
}

export interface Problem {
  status: number;
  code: string;
  title: string;
  detail?: string | null;
}

export interface AgentView {
  id: Uuid;
  name: string;
  role: Role;
  team_ids: Uuid[];
  presence: Presence;
}

export interface TeamView {
  id: Uuid;
  name: string;
  waiting: number;
  oldest_waiting_since?: Instant | null;
}

export interface ContactView {
  id: Uuid;
  name?: string | null;
  phone_masked?: string | null;
  erased: boolean;
}

export interface ConversationView {
  id: Uuid;
  contact: ContactView;
  channel_id: Uuid;
  channel_name: string;
  status: ConversationStatus;
  handler: Handler;
  state: CaseState;
  priority: number;
  team_id?: Uuid | null;
  agent_id?: Uuid | null;
  epoch: number;
  last_seq: number;
  last_rev: number;
  unread: number;
  waiting_since?: Instant | null;
  last_inbound_at?: Instant | null;
  window_until?: Instant | null;
  handoff_reason?: string | null;
  protocol?: string | null;
  opened_at: Instant;
  closed_reason?: string | null;
  preview: string;
  preview_direction?: Direction | null;
}

export interface MediaRef {
  kind: MediaKind;
  id?: string | null;
  mime_type?: string | null;
  sha256?: string | null;
  caption?: string | null;
  file_name?: string | null;
  voice?: boolean;
}

export interface ListSection {
  title: string;
  rows: { id: string; title: string; description?: string | null }[];
}

export type SystemLine =
  | { event: "handed_off"; reason: HandoffReason; summary: string; position: number }
  | { event: "claimed"; agent_id: Uuid }
  | {
      event: "transferred";
      by: Uuid;
      team_id?: Uuid | null;
      agent_id?: Uuid | null;
      note?: string | null;
    }
  | { event: "released"; by: Uuid }
  | { event: "resolved"; by?: Uuid | null; reason?: string | null }
  | { event: "reopened" };

export type Content =
  | { kind: "text"; text: string }
  | { kind: "media"; media: MediaRef }
  | { kind: "location"; latitude: number; longitude: number; name?: string | null; address?: string | null }
  | { kind: "contacts"; cards: unknown[] }
  | { kind: "buttons"; text: string; buttons: { id: string; title: string }[] }
  | { kind: "list"; text: string; open_label: string; sections: ListSection[] }
  | { kind: "choice"; id: string; title: string }
  | { kind: "order"; order: unknown }
  | { kind: "template"; name: string; language: string; preview: string; parameters?: string[] }
  | { kind: "unsupported"; type_name: string; raw: unknown }
  | { kind: "note"; text: string }
  | { kind: "system"; line: SystemLine };

export interface ReactionView {
  author: Author;
  emoji: string;
}

export interface ItemView {
  seq: number;
  id: Uuid;
  direction: Direction;
  author: Author;
  at: Instant;
  received_at: Instant;
  content?: Content | null;
  client_ref?: string | null;
  ticks?: Ticks | null;
  error_code?: number | null;
  reply_to_seq?: number | null;
  edited: boolean;
  revoked: boolean;
  reactions: ReactionView[];
}

export type ClientFrame =
  | { type: "subscribe_list"; list: string; scope: ListScope; team_id?: Uuid | null; limit: number }
  | { type: "unsubscribe_list"; list: string }
  | { type: "subscribe"; conversation_id: Uuid; mode: WatchMode; after_rev?: number | null }
  | { type: "unsubscribe"; conversation_id: Uuid }
  | { type: "changes"; conversation_id: Uuid; after_rev: number }
  | {
      type: "send";
      client_ref: string;
      conversation_id: Uuid;
      epoch: number;
      text: string;
      reply_to_seq?: number | null;
    }
  | { type: "note"; client_ref: string; conversation_id: Uuid; text: string }
  | { type: "claim" | "release"; client_ref: string; conversation_id: Uuid; epoch: number }
  | {
      type: "transfer";
      client_ref: string;
      conversation_id: Uuid;
      epoch: number;
      team_id?: Uuid | null;
      agent_id?: Uuid | null;
      note?: string | null;
    }
  | { type: "resolve"; client_ref: string; conversation_id: Uuid; epoch: number; reason?: string | null }
  | { type: "read"; conversation_id: Uuid; seq: number }
  | { type: "set_presence"; presence: Presence };

export type ServerFrame =
  | { type: "welcome"; store_epoch: Uuid; agent: AgentView; locale: Locale; max_frame_bytes: number }
  | { type: "list"; list: string; rows: ConversationView[]; total: number }
  | ConversationFrame
  | { type: "resync"; conversation_id: Uuid }
  | { type: "accepted"; client_ref: string; conversation_id: Uuid; seq: number }
  | { type: "done"; client_ref: string; conversation: ConversationView }
  | { type: "refused"; client_ref?: string | null; conversation_id?: Uuid | null; problem: Problem }
  | { type: "floor"; teams: TeamView[]; agents: AgentView[] }
  | { type: "reconnect"; after_ms: number };

export interface ConversationFrame {
  type: "conversation";
  conversation_id: Uuid;
  rev_from: number;
  rev_to: number;
  conversation: ConversationView;
  items: ItemView[];
}

export interface SessionAnswer {
  access_token: string;
  expires_in: number;
  agent: AgentView;
  locale: Locale;
}

export interface MessagesAnswer {
  conversation: ConversationView;
  items: ItemView[];
  rev: number;
}

export interface ContactAnswer {
  contact: ContactView;
  identities: { kind: string; value_masked: string }[];
  conversations: ConversationView[];
}

export interface RevealAnswer {
  phone?: string | null;
  bsuid?: string | null;
  username?: string | null;
}

/** Why the server closed a socket (`protocol::close`). */
export const CLOSE = { session_ended: 4401, slow_consumer: 4408, rate_limited: 4429 } as const;
export const MAX_LIST_ROWS = 200;
export const MAX_TEXT_CHARS = 4096;

export const answers = (role: Role): boolean => role === "agent" || role === "supervisor" || role === "admin";
export const supervises = (role: Role): boolean => role === "supervisor" || role === "admin";
export const exportsAudit = (role: Role): boolean => role !== "agent";
