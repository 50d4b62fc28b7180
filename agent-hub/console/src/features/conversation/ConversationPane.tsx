/** The right pane: head, thread, composer, and the customer beside them. */
import { Alert, Skeleton } from "@mantine/core";
import { useLocalStorage, useMediaQuery } from "@mantine/hooks";
import { useTranslation } from "react-i18next";
import { useListData, useRefusal, useSession, useThread, useWatch } from "../../api/hooks";
import type { Uuid } from "../../api/types";
import { useCommand } from "../../app/commands";
import { usePlace } from "../../app/router";
import { problemText } from "../../ui/problem";
import { ContactPanel } from "../contact/ContactPanel";
import { HandoffStrip } from "../contact/HandoffStrip";
import { Composer } from "./Composer";
import classes from "./ConversationPane.module.css";
import { Head } from "./Head";
import { mayClaim, ownerOf } from "./owner";
import { ThreadView } from "./ThreadView";
import { useActions } from "./useActions";

/** Narrower, the panel covers the thread: closed until asked for. */
const WIDE = "(min-width: 1081px)";

export function ConversationPane({ id }: { id: Uuid }) {
  const { t } = useTranslation();
  const session = useSession();
  const thread = useThread(id);
  const refusal = useRefusal(id);
  const wide = useMediaQuery(WIDE, undefined, { getInitialValueInEffect: false }) ?? true;
  const [panel, setPanel] = useLocalStorage({
    key: wide ? "balcao.panel" : "balcao.panel.narrow",
    defaultValue: wide,
    getInitialValueInEffect: false,
  });
  const place = usePlace();
  const row = useListData(place.scope, place.team)?.rows.find((one) => one.id === id);
  // The list knows whose it is before the thread comes: one subscription, in the right mode, from the start.
  const known = thread?.head ?? row;
  const mine = known !== undefined && ownerOf(known, session?.agent.id ?? "") === "me";
  // Looking into somebody else's conversation never moves the read marker.
  useWatch(id, mine ? "work" : "listen");
  useCommand("toggle_contact", () => setPanel((open) => !open));
  const { claim, release } = useActions(thread?.head);
  useCommand("claim", () => {
    if (thread && session && mayClaim(thread.head, session.agent)) claim.mutate();
  });
  useCommand("release", () => {
    if (mine) release.mutate();
  });

  if (refusal && !thread) {
    return (
      <Alert color="red" m="md" role="alert">
        {problemText(t, refusal)}
      </Alert>
    );
  }
  if (!thread) return <Loading />;
  return (
    <div className={classes.pane}>
      <div
        className={classes.column}
        data-testid="conversation"
        data-conversation-id={id}
        data-rev={thread.rev}
      >
        <Head head={thread.head} panel={panel} />
        {!panel && <HandoffStrip items={thread.items} />}
        <ThreadView thread={thread} mine={mine} />
        <Composer head={thread.head} items={thread.items} claim={claim} />
      </div>
      {panel && <ContactPanel thread={thread} />}
    </div>
  );
}

function Loading() {
  const { t } = useTranslation();
  return (
    <div className={classes.loading} role="status" aria-label={t("common.loading")}>
      <Skeleton height={44} width="46%" radius="lg" />
      <Skeleton height={64} width="58%" radius="lg" />
      <Skeleton height={40} width="34%" radius="lg" ml="auto" />
      <Skeleton height={52} width="50%" radius="lg" />
    </div>
  );
}
