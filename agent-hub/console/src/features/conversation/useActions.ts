/** Commands on a conversation: by REST, each with a clear answer; the new head shows before its frame comes. */
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useLive } from "../../api/hooks";
import { problemOf } from "../../api/problem";
import type { ConversationView, Uuid } from "../../api/types";
import { announce } from "../../ui/announce";
import { notice } from "../../ui/notice";
import { problemText } from "../../ui/problem";

export interface TransferTo {
  team_id?: Uuid;
  agent_id?: Uuid;
  note?: string;
}

export function useActions(head: ConversationView | undefined) {
  const { t } = useTranslation();
  const live = useLive();

  const common = (done: string) => ({
    onSuccess: (view: ConversationView) => {
      live.absorb(view);
      announce(done);
    },
    onError: (error: unknown) => notice.failed(problemText(t, problemOf(error))),
  });
  const on = <A>(call: (head: ConversationView, argument: A) => Promise<ConversationView>) => {
    return (argument: A) => (head ? call(head, argument) : Promise.reject(new Error("no conversation")));
  };

  return {
    claim: useMutation({
      mutationFn: on<void>((it) => api.claim(it.id, it.epoch)),
      ...common(t("action.claimed")),
    }),
    release: useMutation({
      mutationFn: on<void>((it) => api.release(it.id, it.epoch)),
      ...common(t("action.released")),
    }),
    resolve: useMutation({
      mutationFn: on<string | undefined>((it, reason) => api.resolve(it.id, it.epoch, reason)),
      ...common(t("action.resolved")),
    }),
    transfer: useMutation({
      mutationFn: on<TransferTo>((it, to) => api.transfer(it.id, it.epoch, to)),
      ...common(t("action.transferred")),
    }),
  };
}

export type Claim = ReturnType<typeof useActions>["claim"];
