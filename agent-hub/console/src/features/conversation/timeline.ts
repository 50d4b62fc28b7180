/** Items grouped as a person reads them: days, runs of one author, newest hand-off. Pure. */
import type { ItemView, SystemLine } from "../../api/types";
import { dayKey } from "../../ui/time";

export interface Line {
  item: ItemView;
  /** First of its day: a separator goes before it. */
  new_day: boolean;
  /** First of a run of one author: the name is shown. */
  first: boolean;
}

const RUN_MS = 5 * 60_000;

export function lines(items: readonly ItemView[]): Line[] {
  return items.map((item, at) => {
    const before = items[at - 1];
    const new_day = !before || dayKey(before.at) !== dayKey(item.at);
    return { item, new_day, first: new_day || !before || !sameRun(before, item) };
  });
}

function sameRun(before: ItemView, item: ItemView): boolean {
  return (
    before.direction === item.direction &&
    before.author.kind === item.author.kind &&
    before.author.id === item.author.id &&
    before.author_name === item.author_name &&
    before.content?.kind !== "system" &&
    (before.content?.kind === "note") === (item.content?.kind === "note") &&
    Date.parse(item.at) - Date.parse(before.at) < RUN_MS
  );
}

export type HandedOff = Extract<SystemLine, { event: "handed_off" }>;

export function newestHandoff(items: readonly ItemView[]): HandedOff | undefined {
  for (const { content } of items.toReversed()) {
    if (content?.kind === "system" && content.line.event === "handed_off") return content.line;
  }
  return undefined;
}

/** What WhatsApp has and lets be reacted to. */
export const reactable = (item: ItemView): boolean =>
  !item.revoked &&
  item.content != null &&
  item.content.kind !== "call" &&
  (item.direction === "in" ||
    (item.direction === "out" &&
      (item.ticks === "sent" || item.ticks === "delivered" || item.ticks === "read")));

/** The words of an item, for a quote or for the ear; empty when it has none. */
export function wordsOf(item: ItemView): string {
  const { content } = item;
  if (!content) return "";
  switch (content.kind) {
    case "media":
      return content.media.caption ?? content.media.file_name ?? item.media?.[0]?.file_name ?? "";
    case "location":
      return content.name ?? content.address ?? "";
    case "choice":
      return content.title;
    case "template":
      return content.preview;
    default:
      return "text" in content ? (content.text ?? "") : "";
  }
}
