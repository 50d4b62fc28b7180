/**
 * Who is logged in. The access token lives in memory only; the refresh token is a cookie that scripts cannot read.
 * One refresh at a time over all tabs (a rotated cookie must not be used twice), and a log-out reaches every tab.
 */
import { ProblemError, problemFrom, UNREACHABLE } from "./problem";
import type { AgentView, Locale, Problem, SessionAnswer } from "./types";

export interface Session {
  token: string;
  expires_at_ms: number;
  agent: AgentView;
  locale: Locale;
}

/** `starting`: not known yet, the server may be away. */
export type SessionState =
  | { status: "starting"; problem?: Problem }
  | { status: "out"; ended: boolean }
  | { status: "in"; session: Session };

const RENEW_BEFORE_MS = 60_000;
const RETRY_MS = 3_000;
const REQUEST_TIMEOUT_MS = 15_000;

type Listener = () => void;

class SessionStore {
  private state: SessionState = { status: "starting" };
  private readonly listeners = new Set<Listener>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private refreshing: Promise<boolean> | undefined;
  private readonly tabs =
    typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel("balcao.session");

  constructor() {
    this.tabs?.addEventListener("message", (event: MessageEvent<unknown>) => {
      if (event.data === "logged_out" && this.state.status === "in") this.leave(false);
    });
  }

  readonly get = (): SessionState => this.state;

  readonly subscribe = (listener: Listener): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Tries the cookie; keeps trying while the server is away. */
  async start(): Promise<void> {
    if (this.state.status !== "starting") return;
    try {
      await this.refresh();
    } catch {
      this.set({ status: "starting", problem: UNREACHABLE });
      this.timer = setTimeout(() => void this.start(), RETRY_MS);
    }
  }

  async login(email: string, password: string): Promise<void> {
    const answer = await post("/api/v1/session", { email, password, client: "browser" });
    if (!answer.ok) throw new ProblemError(await problemFrom(answer));
    this.enter((await answer.json()) as SessionAnswer);
  }

  /** True when the session goes on, false when it is over; throws when the server cannot say. */
  refresh(): Promise<boolean> {
    this.refreshing ??= this.refreshOnce().finally(() => {
      this.refreshing = undefined;
    });
    return this.refreshing;
  }

  /** A token good for at least a few seconds more. */
  async token(): Promise<string | undefined> {
    if (this.state.status === "in" && this.state.session.expires_at_ms - Date.now() < 5_000) {
      await this.refresh();
    }
    return this.state.status === "in" ? this.state.session.token : undefined;
  }

  async logout(): Promise<void> {
    if (this.state.status !== "in") return;
    const { token } = this.state.session;
    this.tabs?.postMessage("logged_out");
    this.leave(false);
    // The cookie and the server's row go; should the server be away, the token dies within minutes by itself.
    await fetch("/api/v1/session", {
      method: "DELETE",
      headers: { authorization: `Bearer ${token}` },
      keepalive: true,
    }).catch(() => undefined);
  }

  /** The server ended the session (revoked, run out). */
  ended(): void {
    if (this.state.status === "in") this.leave(true);
  }

  updateAgent(agent: AgentView): void {
    if (this.state.status === "in") this.set({ status: "in", session: { ...this.state.session, agent } });
  }

  private async refreshOnce(): Promise<boolean> {
    const work = async () => {
      const answer = await post("/api/v1/session/refresh");
      if (answer.ok) {
        this.enter((await answer.json()) as SessionAnswer);
        return true;
      }
      if (answer.status >= 500 || answer.status === 429) throw new ProblemError(await problemFrom(answer));
      this.leave(this.state.status === "in");
      return false;
    };
    return navigator.locks ? navigator.locks.request("balcao.refresh", work) : work();
  }

  private enter(answer: SessionAnswer): void {
    const expires_at_ms = Date.now() + answer.expires_in * 1000;
    this.set({
      status: "in",
      session: { token: answer.access_token, expires_at_ms, agent: answer.agent, locale: answer.locale },
    });
    this.renewIn(Math.max(answer.expires_in * 1000 - RENEW_BEFORE_MS, answer.expires_in * 500));
  }

  private renewIn(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.refresh().catch(() => this.renewIn(RETRY_MS));
    }, ms);
  }

  private leave(ended: boolean): void {
    clearTimeout(this.timer);
    this.set({ status: "out", ended });
  }

  private set(state: SessionState): void {
    this.state = state;
    for (const listener of this.listeners) listener();
  }
}

/** Without a body, the refresh cookie speaks. */
async function post(path: string, body?: unknown): Promise<Response> {
  try {
    return await fetch(path, {
      method: "POST",
      ...(body === undefined
        ? {}
        : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
      credentials: "same-origin",
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
  } catch {
    throw new ProblemError(UNREACHABLE);
  }
}

export const session = new SessionStore();
