/** One line for an item, wherever it is only mentioned: a quote, the answer box, the ear. */
import type { TFunction } from "i18next";
import type { ItemView } from "../../api/types";
import { wordsOf } from "./timeline";

export function labelOf(t: TFunction, item: ItemView): string {
  if (item.revoked) return t(item.direction === "in" ? "thread.revoked" : "thread.revoked_ours");
  return wordsOf(item) || kindOf(t, item);
}

/** What it is, when it has no words. */
function kindOf(t: TFunction, item: ItemView): string {
  const { content } = item;
  switch (content?.kind) {
    case "media":
      return t(content.media.voice ? "media.voice" : `media.${content.media.kind}`);
    case "location":
      return t("thread.location");
    case "contacts":
      return t("thread.cards", { count: content.cards.length });
    case "order":
      return t("thread.order");
    case "form":
      return t("thread.form");
    case "product":
      return t("thread.product");
    case "call":
      return t(content.inbound ? "call.from_customer" : "call.from_us");
    case "unsupported":
      return t("thread.unsupported_any");
    case undefined:
      return t("thread.erased");
    default:
      return t("thread.quote_missing");
  }
}
