/** Language and light or dark: remembered in this browser, the language also with the account. */
import { NativeSelect, SegmentedControl, useMantineColorScheme, VisuallyHidden } from "@mantine/core";
import { IconDeviceDesktop, IconMoon, IconSun } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { session } from "../../api/session";
import type { Locale } from "../../api/types";
import { chooseLocale, LOCALES } from "../../i18n";
import classes from "./Preferences.module.css";

/** The account's language is a convenience for the next browser: failing to store it disturbs nobody. */
export function switchLocale(locale: Locale): void {
  chooseLocale(locale);
  if (session.get().status === "in") api.setLocale(locale).catch(() => undefined);
}

const SCHEMES = [
  { value: "light", icon: IconSun },
  { value: "dark", icon: IconMoon },
  { value: "auto", icon: IconDeviceDesktop },
] as const;

export function Preferences() {
  const { t, i18n } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <div className={classes.row}>
      <NativeSelect
        className={classes.language}
        size="xs"
        aria-label={t("prefs.language")}
        data-testid="language-switch"
        value={i18n.language}
        onChange={(event) => switchLocale(event.currentTarget.value as Locale)}
        data={LOCALES.map(({ tag, name }) => ({ value: tag, label: name }))}
      />
      <SegmentedControl
        size="xs"
        aria-label={t("prefs.scheme")}
        data-testid="scheme-switch"
        value={colorScheme}
        onChange={(value) => setColorScheme(value as "light" | "dark" | "auto")}
        data={SCHEMES.map(({ value, icon: Icon }) => ({
          value,
          label: (
            <span className={classes.scheme} title={t(`prefs.${value}`)} data-testid={`scheme-${value}`}>
              <Icon size={15} aria-hidden="true" />
              <VisuallyHidden>{t(`prefs.${value}`)}</VisuallyHidden>
            </span>
          ),
        }))}
      />
    </div>
  );
}
