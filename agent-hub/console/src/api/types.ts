/**
 * What travels between the console and the server, by the names we use. The shapes are generated from the server's
 * OpenAPI document (`npm run generate`): nothing is written by hand but names. An optional field is null or absent.
 */
import type { components } from "./schema.gen";

type Schemas = components["schemas"];

export type Uuid = string;
/** RFC 3339, UTC. */
export type Instant = string;

export type AgentView = Schemas["AgentView"];
export type Author = Schemas["Author"];
export type Card = Schemas["Card"];
export type CaseState = Schemas["CaseState"];
export type ChannelFault = Schemas["ChannelFault"];
export type ChannelHealth = Schemas["ChannelHealth"];
export type ChannelState = Schemas["ChannelState"];
export type ChannelView = Schemas["ChannelView"];
export type Circumstance = Schemas["Circumstance"];
export type ClientFrame = Schemas["ClientFrame"];
export type ContactAnswer = Schemas["ContactPage"];
export type ContactView = Schemas["ContactView"];
export type Content = Schemas["Content"];
export type ConversationView = Schemas["ConversationView"];
export type Direction = Schemas["Direction"];
export type ErrorCodes = Schemas["GraphCodes"];
export type Grade = Schemas["Grade"];
export type HandoffReason = Schemas["HandoffReason"];
export type Heading = Schemas["Heading"];
export type ItemView = Schemas["ItemView"];
export type ListScope = Schemas["ListScope"];
export type Locale = Schemas["Locale"];
export type MediaKind = Schemas["MediaKind"];
export type MediaReason = Schemas["MediaReason"];
export type MediaRef = Schemas["MediaRef"];
export type MediaView = Schemas["MediaView"];
export type MergeView = Schemas["MergeView"];
export type MessagesAnswer = Schemas["ItemPage"];
export type NoticeList = Schemas["NoticeList"];
export type NoticeView = Schemas["NoticeView"];
export type Presence = Schemas["Presence"];
export type Problem = Schemas["Problem"];
export type ReactionView = Schemas["ReactionView"];
export type Referral = Schemas["Referral"];
export type RevealAnswer = Schemas["Revealed"];
export type Role = Schemas["Role"];
export type ServerFrame = Schemas["ServerFrame"];
export type SessionAnswer = Schemas["LoggedIn"];
export type SystemLine = Schemas["SystemLine"];
export type TeamView = Schemas["TeamView"];
export type TemplateView = Schemas["TemplateView"];
export type Ticks = Schemas["Ticks"];
export type UploadAnswer = Schemas["UploadView"];
export type WatchMode = Schemas["WatchMode"];

export type ConversationFrame = Extract<ServerFrame, { type: "conversation" }>;

/** Why the server closed a socket (`protocol::close`). */
export const CLOSE = { session_ended: 4401, slow_consumer: 4408, rate_limited: 4429 } as const;
export const MAX_LIST_ROWS = 200;
export const MAX_TEXT_CHARS = 4096;

export const answers = (role: Role): boolean => role === "agent" || role === "supervisor" || role === "admin";
export const supervises = (role: Role): boolean => role === "supervisor" || role === "admin";
export const exportsAudit = (role: Role): boolean => role !== "agent";
