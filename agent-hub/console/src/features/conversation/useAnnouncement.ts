/** The newest words of the customer, for a screen reader; older pages and one's own words are not repeated. */
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ItemView } from "../../api/types";
import type { Names } from "./names";
import { wordsOf } from "./timeline";

export function useAnnouncement(items: readonly ItemView[], names: Names): string {
  const { t } = useTranslation();
  const newest = items.at(-1);
  const heard = useRef(newest?.seq ?? 0);
  const [spoken, setSpoken] = useState("");
  useEffect(() => {
    if (!newest || newest.seq <= heard.current) return;
    heard.current = newest.seq;
    if (newest.direction !== "in") return;
    const who = names.author(newest.author);
    const text = wordsOf(newest);
    setSpoken(text ? t("thread.announce", { who, text }) : t("thread.announce_other", { who }));
  }, [newest, names, t]);
  return spoken;
}
