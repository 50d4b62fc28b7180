/** What WhatsApp takes as which sort of file, told before anything is uploaded. Pure; the server judges again by content. */
import type { MediaKind } from "../../api/types";

const MEGABYTE = 1_048_576;
/** Meta's limits: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media */
export const MAX_BYTES = {
  image: 5 * MEGABYTE,
  video: 16 * MEGABYTE,
  audio: 16 * MEGABYTE,
  document: 100 * MEGABYTE,
} as const;
export const MAX_FILES = 10;

const SORTS: readonly [keyof typeof MAX_BYTES, readonly string[]][] = [
  ["image", ["image/jpeg", "image/png"]],
  ["video", ["video/mp4", "video/3gpp"]],
  ["audio", ["audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/x-m4a", "audio/ogg"]],
];

export type Attachable =
  | { kind: keyof typeof MAX_BYTES; as_document: boolean }
  | { fault: "empty" | "too_large"; max_bytes: number };

/** A picture or film that is too large for its sort still goes as a document. */
export function attachable(file: { type: string; size: number }): Attachable {
  if (file.size === 0) return { fault: "empty", max_bytes: MAX_BYTES.document };
  if (file.size > MAX_BYTES.document) return { fault: "too_large", max_bytes: MAX_BYTES.document };
  const type = file.type.split(";")[0]?.trim().toLowerCase() ?? "";
  const sort = SORTS.find(([, types]) => types.includes(type))?.[0];
  if (!sort) return { kind: "document", as_document: false };
  return file.size > MAX_BYTES[sort]
    ? { kind: "document", as_document: true }
    : { kind: sort, as_document: false };
}

/** WhatsApp shows no words below sound and stickers. */
export const takesCaption = (kind: MediaKind): boolean => kind !== "audio" && kind !== "sticker";
