/** The live data as React sees it. Nothing here fetches: the socket fills the cache. */
import { skipToken, useQuery } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useSyncExternalStore } from "react";
import { keys } from "./keys";
import type { LinkState, ListData, ListSpec, Live } from "./live";
import type { Pending } from "./outbox";
import { type Session, type SessionState, session } from "./session";
import type { Thread } from "./thread";
import {
  type AgentView,
  type ListScope,
  MAX_LIST_ROWS,
  type Problem,
  type TeamView,
  type Uuid,
  type WatchMode,
} from "./types";

export const LiveContext = createContext<Live | null>(null);

export function useLive(): Live {
  const live = useContext(LiveContext);
  if (!live) throw new Error("outside of LiveContext");
  return live;
}

export const useSessionState = (): SessionState => useSyncExternalStore(session.subscribe, session.get);

const sessionNow = (): Session | null => {
  const state = session.get();
  return state.status === "in" ? state.session : null;
};

/** Null for the moment between log-out and the log-in page. */
export const useSession = (): Session | null => useSyncExternalStore(session.subscribe, sessionNow);

export function useLink(): LinkState {
  const live = useLive();
  return useSyncExternalStore(live.subscribeLink, live.getLink);
}

const held = { queryFn: skipToken, staleTime: Number.POSITIVE_INFINITY, gcTime: 10 * 60_000 } as const;

export const listName = (scope: ListScope, teamId?: Uuid): string => `${scope}.${teamId ?? "all"}`;

export function useList(scope: ListScope, teamId?: Uuid): ListData | undefined {
  const live = useLive();
  const name = listName(scope, teamId);
  useEffect(() => {
    const spec: ListSpec = { scope, team_id: teamId ?? null, limit: MAX_LIST_ROWS };
    return live.watchList(name, spec);
  }, [live, name, scope, teamId]);
  return useListData(scope, teamId);
}

/** The same without a subscription of its own. */
export const useListData = (scope: ListScope, teamId?: Uuid): ListData | undefined =>
  useQuery<ListData>({ queryKey: keys.list(listName(scope, teamId)), ...held }).data;

export function useWatch(id: Uuid, mode: WatchMode): void {
  const live = useLive();
  useEffect(() => live.watch(id, mode), [live, id, mode]);
}

export const useThread = (id: Uuid): Thread | undefined =>
  useQuery<Thread>({ queryKey: keys.thread(id), ...held }).data;

export const useRefusal = (id: Uuid): Problem | undefined =>
  useQuery<Problem>({ queryKey: keys.refusal(id), ...held }).data;

const NO_PENDING: Pending[] = [];

export const useOutbox = (): Pending[] =>
  useQuery<Pending[]>({ queryKey: keys.outbox, ...held, gcTime: Number.POSITIVE_INFINITY }).data ??
  NO_PENDING;

export interface Floor {
  teams: TeamView[];
  agents: AgentView[];
}

const EMPTY_FLOOR: Floor = { teams: [], agents: [] };

export const useFloor = (): Floor =>
  useQuery<Floor>({ queryKey: keys.floor, ...held, gcTime: Number.POSITIVE_INFINITY }).data ?? EMPTY_FLOOR;
