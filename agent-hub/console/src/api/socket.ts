/**
 * One WebSocket that comes back: a fresh single-use ticket for each connection, full-jitter backoff, a planned move when
 * the server drains. It carries frames and knows nothing of what they mean, except `reconnect`.
 */
import { backoffMs } from "./backoff";
import { CLOSE, type ClientFrame, type ServerFrame } from "./types";

const SUBPROTOCOL = "balcao.v1";
const WATCH_MS = 5_000;
/** A timer this late means that the machine slept: the connection is dead, whatever it says. */
const SLEPT_MS = 45_000;
const OPEN_TIMEOUT_MS = 15_000;
/** A connection that lasted this long works: the next failure starts the backoff anew. */
const STABLE_MS = 10_000;
const RATE_LIMITED_FLOOR_MS = 5_000;

export interface SocketHooks {
  ticket: () => Promise<string>;
  onFrame: (frame: ServerFrame) => void;
  /** The connection is gone; another attempt follows by itself. */
  onDown: () => void;
  /** True when the session goes on. */
  onSessionEnded: () => Promise<boolean>;
}

export class Socket {
  private ws: WebSocket | undefined;
  private attempt = 0;
  private running = false;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private watch: ReturnType<typeof setInterval> | undefined;
  /** Rises with each connection: what an older one still says is ignored. */
  private generation = 0;

  constructor(private readonly hooks: SocketHooks) {}

  start(): void {
    if (this.running) return;
    this.running = true;
    window.addEventListener("online", this.restart);
    window.addEventListener("offline", this.drop);
    document.addEventListener("visibilitychange", this.hurry);
    let last = Date.now();
    this.watch = setInterval(() => {
      if (Date.now() - last > SLEPT_MS) this.restart();
      last = Date.now();
    }, WATCH_MS);
    void this.connect();
  }

  stop(): void {
    this.running = false;
    window.removeEventListener("online", this.restart);
    window.removeEventListener("offline", this.drop);
    document.removeEventListener("visibilitychange", this.hurry);
    clearInterval(this.watch);
    clearTimeout(this.retry);
    this.close();
  }

  /** False when there is no connection: the caller keeps what must not be lost. */
  send(frame: ClientFrame): boolean {
    if (this.ws?.readyState !== WebSocket.OPEN) return false;
    this.ws.send(JSON.stringify({ v: 1, ...frame }));
    return true;
  }

  readonly restart = (): void => {
    if (!this.running) return;
    this.close();
    this.hooks.onDown();
    clearTimeout(this.retry);
    void this.connect();
  };

  private readonly drop = (): void => {
    if (!this.running || !this.ws) return;
    this.close();
    this.hooks.onDown();
    this.again(0);
  };

  private readonly hurry = (): void => {
    if (document.visibilityState === "visible" && this.running && !this.ws && this.attempt > 2) {
      this.attempt = 1;
      this.again(0);
    }
  };

  private async connect(): Promise<void> {
    this.generation += 1;
    const mine = this.generation;
    let ticket: string;
    try {
      ticket = await this.hooks.ticket();
    } catch {
      if (mine === this.generation) this.again(0);
      return;
    }
    if (!this.running || mine !== this.generation) return;
    const ws = new WebSocket(url(), [SUBPROTOCOL, `ticket.${ticket}`]);
    this.ws = ws;
    const opening = setTimeout(() => ws.close(), OPEN_TIMEOUT_MS);
    let openedAt = Number.POSITIVE_INFINITY;
    ws.onopen = () => {
      clearTimeout(opening);
      openedAt = Date.now();
    };
    ws.onmessage = (event: MessageEvent<unknown>) => {
      if (this.ws === ws && typeof event.data === "string") this.receive(event.data);
    };
    ws.onclose = (event) => {
      clearTimeout(opening);
      if (this.ws !== ws) return;
      this.ws = undefined;
      if (Date.now() - openedAt > STABLE_MS) this.attempt = 0;
      this.hooks.onDown();
      void this.closed(event.code);
    };
  }

  private receive(data: string): void {
    const frame = JSON.parse(data) as ServerFrame;
    if (frame.type === "reconnect") {
      clearTimeout(this.retry);
      this.retry = setTimeout(this.restart, frame.after_ms);
      return;
    }
    this.hooks.onFrame(frame);
  }

  private async closed(code: number): Promise<void> {
    if (code === CLOSE.session_ended) {
      const mine = this.generation;
      const goesOn = await this.hooks.onSessionEnded().catch(() => true);
      if (!goesOn || mine !== this.generation) return;
    }
    this.again(code === CLOSE.rate_limited ? RATE_LIMITED_FLOOR_MS : 0);
  }

  private again(floorMs: number): void {
    if (!this.running) return;
    clearTimeout(this.retry);
    this.retry = setTimeout(() => void this.connect(), backoffMs(this.attempt, Math.random, floorMs));
    this.attempt += 1;
  }

  private close(): void {
    const ws = this.ws;
    this.ws = undefined;
    this.generation += 1;
    ws?.close(1000);
  }
}

function url(): string {
  const { protocol, host } = window.location;
  return `${protocol === "https:" ? "wss" : "ws"}://${host}/api/v1/ws`;
}
