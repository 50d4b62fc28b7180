/** Three languages, one at a time; the choice is remembered in this browser and told to `<html lang>`. */
import i18n from "i18next";
import { initReactI18next } from "react-i18next";
import { session } from "../api/session";
import type { Locale } from "../api/types";

const KEY = "balcao.locale";
export const LOCALES: readonly { tag: Locale; name: string }[] = [
  { tag: "pt-BR", name: "Português" },
  { tag: "en", name: "English" },
  { tag: "es", name: "Español" },
];

const isLocale = (tag: string | null): tag is Locale => LOCALES.some((one) => one.tag === tag);

export function rememberedLocale(): Locale | undefined {
  const tag = localStorage.getItem(KEY);
  return isLocale(tag) ? tag : undefined;
}

function preferred(): Locale {
  const remembered = rememberedLocale();
  if (remembered) return remembered;
  for (const tag of navigator.languages ?? []) {
    const base = tag.slice(0, 2);
    if (base === "pt") return "pt-BR";
    if (base === "en" || base === "es") return base;
  }
  return "pt-BR";
}

/** One catalogue is read at the start; another one when somebody chooses it. */
const CATALOGUES: Record<Locale, () => Promise<{ default: object }>> = {
  "pt-BR": () => import("./pt-BR.json"),
  en: () => import("./en.json"),
  es: () => import("./es.json"),
};

async function turnTo(locale: Locale): Promise<void> {
  if (!i18n.hasResourceBundle(locale, "translation")) {
    const { default: catalogue } = await CATALOGUES[locale]();
    i18n.addResourceBundle(locale, "translation", catalogue);
  }
  await i18n.changeLanguage(locale);
}

export function chooseLocale(locale: Locale): void {
  localStorage.setItem(KEY, locale);
  void turnTo(locale);
}

/** The account's language, unless another was chosen in this browser. */
export function chooseAccountLocale(): void {
  const state = session.get();
  if (!rememberedLocale() && state.status === "in") void turnTo(state.session.locale);
}

i18n.on("languageChanged", (tag) => {
  document.documentElement.lang = tag;
});

/** Before it nothing can be worded. */
export async function startLanguage(): Promise<void> {
  const locale = preferred();
  const { default: catalogue } = await CATALOGUES[locale]();
  await i18n.use(initReactI18next).init({
    lng: locale,
    supportedLngs: LOCALES.map((one) => one.tag),
    resources: { [locale]: { translation: catalogue } },
    // React writes text nodes: nothing to escape here.
    interpolation: { escapeValue: false },
    initAsync: false,
  });
}

export { i18n };
