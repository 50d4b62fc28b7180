/** Three languages, bundled; the choice is remembered in this browser and told to `<html lang>`. */
import i18n from "i18next";
import { initReactI18next } from "react-i18next";
import { session } from "../api/session";
import type { Locale } from "../api/types";
import en from "./en.json";
import es from "./es.json";
import ptBR from "./pt-BR.json";

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

export function chooseLocale(locale: Locale): void {
  localStorage.setItem(KEY, locale);
  void i18n.changeLanguage(locale);
}

/** The account's language, unless another was chosen in this browser. */
export function chooseAccountLocale(): void {
  const state = session.get();
  if (!rememberedLocale() && state.status === "in") void i18n.changeLanguage(state.session.locale);
}

i18n.on("languageChanged", (tag) => {
  document.documentElement.lang = tag;
});

void i18n.use(initReactI18next).init({
  lng: preferred(),
  fallbackLng: "pt-BR",
  supportedLngs: LOCALES.map((one) => one.tag),
  resources: {
    "pt-BR": { translation: ptBR },
    en: { translation: en },
    es: { translation: es },
  },
  // React writes text nodes: nothing to escape here.
  interpolation: { escapeValue: false },
  initAsync: false,
});

export { i18n };
