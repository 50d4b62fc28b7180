/** How long the customer has waited: calm, then amber, then red and bold. */
import { IconClock } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { duration, useNow } from "../../ui/time";
import classes from "./WaitTimer.module.css";

export const AMBER_MS = 3 * 60_000;
export const RED_MS = 10 * 60_000;

export const heat = (ms: number): "calm" | "amber" | "red" =>
  ms >= RED_MS ? "red" : ms >= AMBER_MS ? "amber" : "calm";

export function WaitTimer({ since, bare }: { since: string; bare?: boolean }) {
  const { t } = useTranslation();
  const waited = Math.max(0, useNow(1000) - Date.parse(since));
  const time = duration(t, waited);
  return (
    <span className={classes.timer} data-heat={heat(waited)} title={t("list.waiting", { time })}>
      {!bare && <IconClock size={12} aria-hidden="true" />}
      <span className="visually-hidden">{t("list.waiting", { time })}</span>
      <span aria-hidden="true">{time}</span>
    </span>
  );
}
