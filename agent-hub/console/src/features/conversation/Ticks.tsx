/** How far a message of ours got. Icon for the eye, word for the ear. */
import {
  IconAlertCircle,
  IconBan,
  IconCheck,
  IconChecks,
  IconClock,
  IconClockX,
  IconHelpCircle,
} from "@tabler/icons-react";
import type { ComponentType } from "react";
import { useTranslation } from "react-i18next";
import type { ItemView, Ticks as TicksState } from "../../api/types";
import classes from "./Ticks.module.css";
import { metaErrorWord } from "./ticks";

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

/** Why it did not arrive and what to do, below the bubble. */
export function TicksReason({ item }: { item: ItemView }) {
  const { t } = useTranslation();
  const { ticks, error_code } = item;
  if (!ticks || !LOUD.has(ticks)) return null;
  const code = error_code ?? 0;
  const words =
    ticks === "failed"
      ? t(`meta_error.${metaErrorWord(code)}`, { code })
      : t(`ticks.${ticks as "expired" | "cancelled" | "unknown"}_hint`);
  return (
    <p className={classes.reason} data-ticks={ticks} title={ticks === "failed" ? String(code) : undefined}>
      {words}
    </p>
  );
}
