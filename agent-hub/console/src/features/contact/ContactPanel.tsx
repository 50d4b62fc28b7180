/** Beside the thread: what the bot found out, who the customer is (masked), this case, and earlier ones. */
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import type { Thread } from "../../api/thread";
import type { ContactAnswer, ConversationView } from "../../api/types";
import { useFormats } from "../../ui/time";
import { useNames } from "../conversation/names";
import { reasonText } from "../conversation/reasons";
import { newestHandoff } from "../conversation/timeline";
import { WindowChip } from "../conversation/WindowChip";
import classes from "./ContactPanel.module.css";
import { HandoffCard } from "./HandoffCard";
import { Identities } from "./Identities";
import { Merges } from "./Merges";
import { PastCases } from "./PastCases";

export function ContactPanel({ thread }: { thread: Thread }) {
  const { t } = useTranslation();
  const { head, items } = thread;
  const handoff = newestHandoff(items);
  const { data } = useQuery({
    queryKey: keys.contact(head.contact.id),
    queryFn: () => api.contact(head.contact.id),
    staleTime: 5 * 60_000,
  });
  return (
    <aside className={classes.panel} aria-label={t("contact.panel")} data-testid="contact-panel">
      {handoff && <HandoffCard line={handoff} />}
      {head.contact.erased ? (
        <p className={classes.erased}>{t("contact.erased_hint")}</p>
      ) : (
        <Identities
          contact={head.contact}
          identities={data?.identities ?? []}
          username={data?.username ?? undefined}
        />
      )}
      <Case head={head} marketing={data?.marketing} />
      {data && !head.contact.erased && <Merges contact={head.contact} merges={data.merges} />}
      {data && <PastCases cases={data.conversations.filter((one) => one.id !== head.id)} />}
    </aside>
  );
}

function Case({
  head,
  marketing,
}: {
  head: ConversationView;
  marketing: ContactAnswer["marketing"] | undefined;
}) {
  const { t } = useTranslation();
  const { short } = useFormats();
  const names = useNames(head.contact);
  const wish = marketing?.find((one) => one.channel_id === head.channel_id)?.consent;
  return (
    <dl className={classes.facts}>
      {head.protocol && <Fact word={t("contact.protocol")}>{head.protocol}</Fact>}
      <Fact word={t("contact.channel")}>{head.channel_name}</Fact>
      {head.team_id && <Fact word={t("contact.team")}>{names.team(head.team_id)}</Fact>}
      <Fact word={t("contact.agent")}>
        {head.agent_id ? names.agent(head.agent_id) : t("contact.nobody")}
      </Fact>
      <Fact word={t("contact.opened")}>{short(head.opened_at)}</Fact>
      {head.status !== "resolved" && (
        <Fact word={t("contact.window")}>
          <WindowChip head={head} />
        </Fact>
      )}
      {wish && <Fact word={t("contact.marketing")}>{t(`contact.marketing_${wish}`)}</Fact>}
      {head.closed_reason && (
        <Fact word={t("contact.closed_reason")}>{reasonText(t, head.closed_reason)}</Fact>
      )}
    </dl>
  );
}

function Fact({ word, children }: { word: string; children: React.ReactNode }) {
  return (
    <div className={classes.fact}>
      <dt>{word}</dt>
      <dd>{children}</dd>
    </div>
  );
}
