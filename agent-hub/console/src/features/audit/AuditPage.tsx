/** For those who read the audit trail and never a conversation. */
import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useSession } from "../../api/hooks";
import { session as sessions } from "../../api/session";
import { Logo } from "../../ui/Logo";
import { Preferences } from "../presence/Preferences";
import classes from "./Audit.module.css";
import { ExportForm } from "./ExportForm";

export default function AuditPage() {
  const { t } = useTranslation();
  const session = useSession();
  return (
    <main className={classes.page}>
      <div className={classes.box}>
        <header className={classes.head}>
          <Logo />
          <h1>{t("nav.audit")}</h1>
        </header>
        <p className={classes.explain}>{t("audit.only")}</p>
        <ExportForm />
        <Preferences />
        <footer className={classes.foot}>
          <span data-testid="me">{t("session.signed_in_as", { name: session?.agent.name ?? "" })}</span>
          <Button variant="default" onClick={() => void sessions.logout()} data-testid="logout">
            {t("session.logout")}
          </Button>
        </footer>
      </div>
    </main>
  );
}
