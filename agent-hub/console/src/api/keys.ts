/** Names of what the query cache holds. */
import type { Uuid } from "./types";

export const keys = {
  lists: ["list"] as const,
  list: (name: string) => ["list", name] as const,
  thread: (id: Uuid) => ["thread", id] as const,
  refusal: (id: Uuid) => ["refusal", id] as const,
  contact: (id: Uuid) => ["contact", id] as const,
  floor: ["floor"] as const,
  outbox: ["outbox"] as const,
};
