/** Closing reasons travel as stable words, so that reports can count them; each reader sees them in their language. */
import type { TFunction } from "i18next";

export const REASONS = ["solved", "informed", "visit", "no_answer", "other"] as const;
export type Reason = (typeof REASONS)[number];

const isReason = (text: string): text is Reason => REASONS.some((one) => one === text);

/** A reason that somebody typed is shown as typed. */
export const reasonText = (t: TFunction, reason: string): string =>
  isReason(reason) ? t(`resolve.reason_${reason}`) : reason;
