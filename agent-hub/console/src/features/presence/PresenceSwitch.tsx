/** Whether one takes conversations now. The choice is kept for this tab and told again after a reconnection. */
import { SegmentedControl } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLink, useLive, useSession } from "../../api/hooks";
import { session as sessions } from "../../api/session";
import type { Presence } from "../../api/types";

const KEY = "balcao.presence";

export function PresenceSwitch() {
  const { t } = useTranslation();
  const session = useSession();
  const live = useLive();
  const link = useLink();
  const told = session?.agent.presence;
  const [chosen, setChosen] = useState<Presence | null>(() => {
    const kept = sessionStorage.getItem(KEY);
    return kept === "online" || kept === "away" ? kept : null;
  });

  const choose = (presence: Presence) => {
    setChosen(presence);
    sessionStorage.setItem(KEY, presence);
    live.setPresence(presence);
    if (session) sessions.updateAgent({ ...session.agent, presence });
  };

  useEffect(() => {
    // A new connection begins as online: what one chose is told again.
    if (link !== "offline" && chosen && told && told !== chosen) {
      live.setPresence(chosen);
      const state = sessions.get();
      if (state.status === "in") sessions.updateAgent({ ...state.session.agent, presence: chosen });
    }
  }, [live, link, chosen, told]);

  const shown = chosen ?? (told === "away" ? "away" : "online");
  return (
    <SegmentedControl
      fullWidth
      size="xs"
      aria-label={t("presence.label")}
      data-testid="presence-switch"
      value={shown}
      onChange={(value) => choose(value as Presence)}
      data={[
        { value: "online", label: t("presence.online") },
        { value: "away", label: t("presence.away") },
      ]}
    />
  );
}
