/** Instants and spans of time in the reader's language, and a shared clock that ticks for all who look at it. */
import type { TFunction } from "i18next";
import { useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";

const TICK_MS = 1_000;
let nowMs = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    nowMs = Date.now();
    for (const one of listeners) one();
  }, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** Milliseconds since 1970, rounded down to a step, so that a component renders once a step and not once a second. */
export const useNow = (stepMs: number): number =>
  useSyncExternalStore(subscribe, () => Math.floor(nowMs / stepMs) * stepMs);

export function duration(t: TFunction, ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return t("time.seconds", { count: seconds });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return t("time.minutes", { count: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return t("time.hours", { hours, minutes: String(minutes % 60).padStart(2, "0") });
  return t("time.days", { count: Math.floor(hours / 24) });
}

const CLOCK: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit" };
const formats = new Map<string, Intl.DateTimeFormat>();

function format(locale: string, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale} ${name}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(locale, options);
    formats.set(key, found);
  }
  return found;
}

export const dayKey = (at: string | number): string => new Date(at).toDateString();

/** Clock, day and full forms for the language on the screen. */
export function useFormats() {
  const { t, i18n } = useTranslation();
  const locale = i18n.language;
  return {
    clock: (at: string) => format(locale, "clock", CLOCK).format(new Date(at)),
    full: (at: string) =>
      format(locale, "full", { dateStyle: "full", timeStyle: "medium" }).format(new Date(at)),
    short: (at: string) =>
      format(locale, "short", { dateStyle: "short", timeStyle: "short" }).format(new Date(at)),
    /** The clock, with the weekday when it is not today's. */
    moment: (at: string, now: number) =>
      dayKey(at) === dayKey(now)
        ? format(locale, "clock", CLOCK).format(new Date(at))
        : format(locale, "moment", { weekday: "short", ...CLOCK }).format(new Date(at)),
    /** The clock today, the day before that. */
    brief: (at: string, now: number) =>
      dayKey(at) === dayKey(now)
        ? format(locale, "clock", CLOCK).format(new Date(at))
        : format(locale, "brief", { day: "2-digit", month: "2-digit" }).format(new Date(at)),
    day: (at: string, now: number) => {
      if (dayKey(at) === dayKey(now)) return t("thread.today");
      if (dayKey(at) === dayKey(now - 86_400_000)) return t("thread.yesterday");
      return format(locale, "day", { weekday: "long", day: "numeric", month: "long" }).format(new Date(at));
    },
  };
}
