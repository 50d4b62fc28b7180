/** Email and password. No second factor yet: none can be enrolled. */
import { Alert, Button, PasswordInput, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { problemOf } from "../../api/problem";
import { session } from "../../api/session";
import type { Problem } from "../../api/types";
import { Logo } from "../../ui/Logo";
import { problemText } from "../../ui/problem";
import { Preferences } from "../presence/Preferences";
import classes from "./Login.module.css";

export function LoginPage({ ended }: { ended: boolean }) {
  const { t } = useTranslation();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const field = (name: string) => String(form.get(name) ?? "");
    setBusy(true);
    setProblem(null);
    try {
      await session.login(field("email").trim(), field("password"));
    } catch (error) {
      setProblem(problemOf(error));
      setBusy(false);
    }
  };

  return (
    <main className={classes.page}>
      <div className={classes.box}>
        <header className={classes.brand}>
          <Logo size={44} />
          <div>
            <h1>{t("app.name")}</h1>
            <p>{t("app.tagline")}</p>
          </div>
        </header>
        <form className={classes.form} onSubmit={(event) => void submit(event)} aria-label={t("login.title")}>
          {ended && !problem && <Alert color="yellow">{t("login.ended")}</Alert>}
          {problem && (
            <Alert color="red" role="alert" data-testid="login-problem">
              {problemText(t, problem)}
            </Alert>
          )}
          <TextInput
            name="email"
            type="email"
            label={t("login.email")}
            autoComplete="username"
            required
            autoFocus
            size="md"
            withAsterisk={false}
            data-testid="login-email"
          />
          <PasswordInput
            name="password"
            label={t("login.password")}
            autoComplete="current-password"
            required
            size="md"
            withAsterisk={false}
            data-testid="login-password"
          />
          <Button type="submit" size="md" fullWidth loading={busy} data-testid="login-submit">
            {t("login.submit")}
          </Button>
        </form>
        <Preferences />
      </div>
    </main>
  );
}
