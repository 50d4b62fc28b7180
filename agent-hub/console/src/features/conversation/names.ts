/** Ids become names when shown: colleagues and teams of the floor, the customer by profile name. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useFloor, useSession } from "../../api/hooks";
import type { Author, ContactView, Uuid } from "../../api/types";

export interface Names {
  agent: (id: Uuid | null | undefined) => string;
  team: (id: Uuid | null | undefined) => string;
  author: (author: Author) => string;
}

export function useNames(contact: ContactView): Names {
  const { t } = useTranslation();
  const { agents, teams } = useFloor();
  const me = useSession()?.agent;
  return useMemo(() => {
    const agent = (id: Uuid | null | undefined) => {
      if (me && id === me.id) return t("system.you");
      return agents.find((one) => one.id === id)?.name ?? t("system.someone");
    };
    const author = ({ kind, id }: Author) => {
      switch (kind) {
        case "contact":
          return contact.name ?? t("thread.customer");
        case "agent":
          return agent(id);
        case "bot":
        case "campaign":
        case "channel_app":
        case "api_key":
        case "system":
          return t(`thread.${kind}`);
      }
    };
    return {
      agent,
      team: (id) => teams.find((one) => one.id === id)?.name ?? t("system.a_team"),
      author,
    };
  }, [t, agents, teams, me, contact.name]);
}
