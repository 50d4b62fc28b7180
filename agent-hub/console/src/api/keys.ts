/** Names of what the query cache holds. */
import type { Uuid } from "./types";

export const keys = {
  lists: ["list"] as const,
  list: (name: string) => ["list", name] as const,
  thread: (id: Uuid) => ["thread", id] as const,
  refusal: (id: Uuid) => ["refusal", id] as const,
  contact: (id: Uuid) => ["contact", id] as const,
  file: (id: Uuid, variant: string) => ["file", id, variant] as const,
  templates: (channelId: Uuid) => ["templates", channelId] as const,
  errorCodes: ["error codes"] as const,
  channels: ["channels"] as const,
  notices: (atLeast: string) => ["notices", atLeast] as const,
  floor: ["floor"] as const,
  outbox: ["outbox"] as const,
};
