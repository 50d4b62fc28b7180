/** Until we know whether there is a session. */
import { Loader } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Logo } from "../../ui/Logo";
import classes from "./Login.module.css";

export function Splash({ unreachable }: { unreachable: boolean }) {
  const { t } = useTranslation();
  return (
    <main className={classes.page}>
      <div className={classes.splash} role="status">
        <Logo size={44} />
        <p>{t(unreachable ? "login.unreachable" : "login.starting")}</p>
        <Loader size="sm" type="dots" />
      </div>
    </main>
  );
}
