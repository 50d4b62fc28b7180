/** Closing reasons travel as stable words, so that reports can count them; each reader sees them in their language. */
import type { TFunction } from "i18next";

export const REASONS = ["solved", "informed", "visit", "no_answer", "other"] as const;
export type Reason = (typeof REASONS)[number];

/** Reasons that Balcão itself gives; nobody picks them. */
const OWN = ["settled_by_bot", "customer_silent", "merged", "history"] as const;
type Known = Reason | (typeof OWN)[number];

const isKnown = (text: string): text is Known => [...REASONS, ...OWN].some((one) => one === text);

/** A reason that somebody typed is shown as typed. */
export const reasonText = (t: TFunction, reason: string): string =>
  isKnown(reason) ? t(`resolve.reason_${reason}`) : reason;
