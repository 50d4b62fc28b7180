/** Meta's words about templates in the reader's language; a word that we do not know is shown as it is. */
import type { TFunction } from "i18next";
import type ptBR from "../../i18n/pt-BR.json";
import type { Tone } from "../../ui/Chip";

type Key = `template.${keyof typeof ptBR.template}`;

const known = (t: TFunction, key: string, word: string): string =>
  t(`template.${key}_${word.toUpperCase()}` as Key, { defaultValue: word });

export const statusWord = (t: TFunction, status: string): string => known(t, "status", status);
export const categoryWord = (t: TFunction, category: string): string => known(t, "category", category);
export const qualityWord = (t: TFunction, quality: string): string => known(t, "quality", quality);

const STATUS_TONES: Readonly<Record<string, Tone>> = {
  APPROVED: "green",
  REINSTATED: "green",
  UNARCHIVED: "green",
  PENDING: "blue",
  IN_APPEAL: "blue",
  FLAGGED: "amber",
  PAUSED: "amber",
  LIMIT_EXCEEDED: "amber",
  REJECTED: "red",
  DISABLED: "red",
  FAILED: "red",
};
export const statusTone = (status: string): Tone => STATUS_TONES[status.toUpperCase()] ?? "plain";

const QUALITY_TONES: Readonly<Record<string, Tone>> = { GREEN: "green", YELLOW: "amber", RED: "red" };
export const qualityTone = (quality: string): Tone | undefined => QUALITY_TONES[quality.toUpperCase()];
