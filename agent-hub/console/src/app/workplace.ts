/** One cache and one live connection per log-in; both end with it. Unsent words go at log-out. */
import { QueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { clearDrafts } from "../api/drafts";
import { Live } from "../api/live";
import { forget } from "../api/outbox";
import { session } from "../api/session";
import { uploads } from "../api/uploads";

export interface Workplace {
  cache: QueryClient;
  live: Live;
}

/** Those who only read the audit trail have no live connection. */
export function useWorkplace(agentId: string, connects: boolean): Workplace | null {
  const [workplace, setWorkplace] = useState<Workplace | null>(null);
  useEffect(() => {
    claimStorage(agentId);
    const cache = new QueryClient({
      defaultOptions: { queries: { retry: 1, gcTime: 10 * 60_000, refetchOnWindowFocus: false } },
    });
    const live = new Live(cache);
    if (connects) live.start();
    setWorkplace({ cache, live });
    return () => {
      live.stop();
      cache.clear();
      // A session that merely ran out keeps its words for the same person; a log-out does not.
      const state = session.get();
      if (state.status === "out" && !state.ended) clearWords();
    };
  }, [agentId, connects]);
  return workplace;
}

const OWNER_KEY = "balcao.words_of";

/** Words left in this tab by another account are not ours to show. */
function claimStorage(agentId: string): void {
  if (sessionStorage.getItem(OWNER_KEY) !== agentId) clearWords();
  sessionStorage.setItem(OWNER_KEY, agentId);
}

function clearWords(): void {
  clearDrafts();
  forget();
  uploads.forget();
  sessionStorage.removeItem(OWNER_KEY);
}
