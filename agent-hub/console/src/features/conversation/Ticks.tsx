/** How far a message of ours got. Icon for the eye, word for the ear. */

import { Button } from "@mantine/core";
import {
  IconAlertCircle,
  IconBan,
  IconCheck,
  IconChecks,
  IconClock,
  IconClockX,
  IconHelpCircle,
} from "@tabler/icons-react";
import { type ComponentType, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ItemView, Ticks as TicksState } from "../../api/types";
import { useFailure } from "./failures";
import type { ItemDeeds } from "./Item";
import classes from "./Ticks.module.css";

const ICONS: Record<TicksState, ComponentType<{ size: number; "aria-hidden": "true" }>> = {
  queued: IconClock,
  sent: IconCheck,
  delivered: IconChecks,
  read: IconChecks,
  failed: IconAlertCircle,
  expired: IconClockX,
  cancelled: IconBan,
  unknown: IconHelpCircle,
};

const LOUD = new Set<TicksState>(["failed", "expired", "cancelled", "unknown"]);

export function Ticks({ ticks }: { ticks: TicksState }) {
  const { t } = useTranslation();
  const Icon = ICONS[ticks];
  return (
    <span className={classes.ticks} data-ticks={ticks} title={t(`ticks.${ticks}`)}>
      <Icon size={15} aria-hidden="true" />
      <span className={LOUD.has(ticks) ? undefined : "visually-hidden"}>{t(`ticks.${ticks}`)}</span>
    </span>
  );
}

/** Why it did not arrive and what to do, below the bubble; what waits can still be taken back. */
export function TicksReason({ item, deeds }: { item: ItemView; deeds: ItemDeeds | undefined }) {
  const { t } = useTranslation();
  const { ticks } = item;
  if (ticks === "queued" && deeds) {
    return (
      <Button
        className={classes.deed}
        size="compact-xs"
        variant="default"
        onClick={() => deeds.cancel(item)}
        data-testid="cancel-send"
      >
        {t("ticks.cancel")}
      </Button>
    );
  }
  if (!ticks || !LOUD.has(ticks)) return null;
  return (
    <div className={classes.trouble}>
      <Reason item={item} ticks={ticks} />
      {deeds && <Again item={item} ticks={ticks} again={deeds.sendAgain} />}
    </div>
  );
}

function Reason({ item, ticks }: { item: ItemView; ticks: TicksState }) {
  const { t } = useTranslation();
  const code = item.error_code ?? 0;
  const failed = ticks === "failed";
  const failure = useFailure(code, failed);
  return (
    <p
      className={classes.reason}
      data-ticks={ticks}
      data-testid="failure"
      title={failed ? String(code) : undefined}
    >
      {failed ? failure : t(`ticks.${ticks as "expired" | "cancelled" | "unknown"}_hint`)}
    </p>
  );
}

/** An unknown one may have arrived: asking twice is the only protection there is. */
function Again(props: { item: ItemView; ticks: TicksState; again: (item: ItemView) => void }) {
  const { item, ticks, again } = props;
  const { t } = useTranslation();
  const [asked, setAsked] = useState(false);
  const sure = ticks !== "unknown" || asked;
  return (
    <Button
      className={classes.deed}
      size="compact-xs"
      variant={asked ? "filled" : "default"}
      onClick={() => {
        if (sure) again(item);
        setAsked(!sure);
      }}
      data-testid="send-again"
    >
      {t(asked ? "ticks.again_sure" : "ticks.again")}
    </Button>
  );
}
