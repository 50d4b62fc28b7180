/** The newest words of the customer, for a screen reader; older pages and one's own words are not repeated. */
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ItemView } from "../../api/types";
import { labelOf } from "./labels";
import type { Names } from "./names";

export function useAnnouncement(items: readonly ItemView[], names: Names): string {
  const { t } = useTranslation();
  const newest = items.at(-1);
  const heard = useRef(newest?.seq ?? 0);
  const [spoken, setSpoken] = useState("");
  useEffect(() => {
    if (!newest || newest.seq <= heard.current) return;
    heard.current = newest.seq;
    if (newest.direction !== "in") return;
    const who = newest.author_name ?? names.author(newest.author);
    setSpoken(t("thread.announce", { who, text: labelOf(t, newest) }));
  }, [newest, names, t]);
  return spoken;
}
