/** The three panes: queues and views, the list, the thread. */
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { useListData, useSession } from "../api/hooks";
import { answers } from "../api/types";
import { ConversationPane } from "../features/conversation/ConversationPane";
import { Nav } from "../features/queue/Nav";
import { QueueList } from "../features/queue/QueueList";
import { useCommand } from "./commands";
import { Dialogs } from "./Dialogs";
import classes from "./Layout.module.css";
import { PaletteGate } from "./PaletteGate";
import { useGo, usePlace } from "./router";
import { useShortcuts } from "./shortcuts";
import { useTitle } from "./title";

const AuditPage = lazy(() => import("../features/audit/AuditPage"));

export function Layout() {
  const session = useSession();
  if (!session) return null;
  if (answers(session.agent.role)) return <Desk />;
  return (
    <Suspense>
      <AuditPage />
    </Suspense>
  );
}

function Desk() {
  const { t } = useTranslation();
  const place = usePlace();
  const go = useGo();
  const mine = useListData("mine");
  useShortcuts();
  useTitle(mine?.rows.reduce((sum, row) => sum + row.unread, 0) ?? 0);
  useCommand("close_conversation", () => go.toView(place.scope, place.team));
  return (
    <div className={classes.desk} data-open={place.conversationId ? "conversation" : "list"}>
      <Nav />
      <QueueList key={`${place.scope} ${place.team ?? ""}`} place={place} />
      <main className={classes.main} aria-label={t("thread.label")}>
        {place.conversationId ? (
          <ConversationPane key={place.conversationId} id={place.conversationId} />
        ) : (
          <div className={classes.nothing}>
            <p className={classes.pick}>{t("thread.pick")}</p>
            <p>{t("thread.pick_hint")}</p>
          </div>
        )}
      </main>
      <Dialogs conversationId={place.conversationId} />
      <PaletteGate place={place} />
    </div>
  );
}
