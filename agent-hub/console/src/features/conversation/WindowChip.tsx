/** Until when free text may be sent; quiet with hours to go, amber in the last two, grey when closed. */
import { useTranslation } from "react-i18next";
import type { ConversationView } from "../../api/types";
import { Chip } from "../../ui/Chip";
import { duration, useFormats, useNow } from "../../ui/time";

const SOON_MS = 2 * 3_600_000;
const STEP_MS = 15_000;

export function WindowChip({ head, countdown }: { head: ConversationView; countdown?: boolean }) {
  const { t } = useTranslation();
  const { moment } = useFormats();
  const now = useNow(STEP_MS);
  const until = head.window_until;
  const left = until ? Date.parse(until) - now : 0;
  if (!until || left <= 0) {
    return (
      <Chip tone="plain" title={t("window.hint")}>
        {t("window.closed")}
      </Chip>
    );
  }
  const soon = left < SOON_MS;
  return (
    <Chip tone={soon ? "amber" : "plain"} title={t("window.hint")}>
      {countdown
        ? t("window.left", { time: duration(t, left) })
        : t("window.open_until", { time: moment(until, now) })}
    </Chip>
  );
}
