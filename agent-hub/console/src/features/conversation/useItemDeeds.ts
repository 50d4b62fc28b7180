/** What one does with a single item: quote it, react to it, send it again, take it back. Each answers at once. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { problemOf } from "../../api/problem";
import type { ConversationView } from "../../api/types";
import { announce } from "../../ui/announce";
import { notice } from "../../ui/notice";
import { problemText } from "../../ui/problem";
import { useNow } from "../../ui/time";
import { quote } from "./composing";
import type { ItemDeeds } from "./Item";
import { windowIsOpen } from "./owner";

const STEP_MS = 15_000;

export function useItemDeeds(head: ConversationView): ItemDeeds {
  const { t } = useTranslation();
  const open = windowIsOpen(head, useNow(STEP_MS));
  return useMemo(() => {
    const attempt = (work: Promise<void>, done?: string) => {
      work
        .then(() => done && announce(done))
        .catch((error: unknown) => notice.failed(problemText(t, problemOf(error))));
    };
    return {
      reply: quote,
      react: open
        ? (item, emoji) => attempt(api.react(head.id, item.seq, emoji), t("thread.reaction_sent"))
        : undefined,
      sendAgain: (item) => attempt(api.sendAgain(head.id, item.seq), t("ticks.pending")),
      cancel: (item) => attempt(api.cancel(head.id, item.seq), t("ticks.cancelled")),
    };
  }, [t, head.id, open]);
}
