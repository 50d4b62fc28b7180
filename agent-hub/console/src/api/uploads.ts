/**
 * Files on their way up, by conversation: they go on while one looks at another conversation, and end at log-out.
 * Nothing is kept over a reload: a browser gives a page no way back to a file.
 */
import { upload } from "./media";
import { problemOf } from "./problem";
import type { MediaKind, Problem, Uuid } from "./types";

export interface Attached {
  key: string;
  file: File;
  kind: MediaKind;
  /** A picture or film that is too large for its sort. */
  as_document: boolean;
  state: "uploading" | "ready" | "failed";
  /** 0 to 1. */
  share: number;
  /** Our id of it, once it is there. */
  id?: Uuid;
  problem?: Problem;
}

const NONE: readonly Attached[] = [];

class Uploads {
  private readonly lists = new Map<Uuid, readonly Attached[]>();
  private readonly running = new Map<string, AbortController>();
  private readonly listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly of = (conversation: Uuid): readonly Attached[] => this.lists.get(conversation) ?? NONE;

  add(conversation: Uuid, file: File, kind: MediaKind, as_document: boolean): void {
    const one: Attached = {
      key: crypto.randomUUID(),
      file,
      kind,
      as_document,
      state: "uploading",
      share: 0,
    };
    this.set(conversation, [...this.of(conversation), one]);
    this.start(conversation, one);
  }

  retry(conversation: Uuid, key: string): void {
    const found = this.of(conversation).find((one) => one.key === key);
    if (!found) return;
    const { problem: _, ...rest } = found;
    const one: Attached = { ...rest, state: "uploading", share: 0 };
    this.set(
      conversation,
      this.of(conversation).map((it) => (it.key === key ? one : it)),
    );
    this.start(conversation, one);
  }

  remove(conversation: Uuid, key: string): void {
    this.running.get(key)?.abort();
    this.running.delete(key);
    this.set(
      conversation,
      this.of(conversation).filter((one) => one.key !== key),
    );
  }

  /** What was sent: the messages carry the files now. */
  clear(conversation: Uuid): void {
    for (const one of this.of(conversation)) this.remove(conversation, one.key);
  }

  forget(): void {
    for (const conversation of [...this.lists.keys()]) this.clear(conversation);
  }

  private start(conversation: Uuid, one: Attached): void {
    const abort = new AbortController();
    this.running.set(one.key, abort);
    const change = (over: Partial<Attached>) => {
      if (this.running.get(one.key) !== abort) return;
      this.set(
        conversation,
        this.of(conversation).map((it) => (it.key === one.key ? { ...it, ...over } : it)),
      );
    };
    upload(one.file, one.kind, { signal: abort.signal, onProgress: (share) => change({ share }) })
      .then((answer) => change({ state: "ready", share: 1, id: answer.id }))
      .catch((error: unknown) => change({ state: "failed", problem: problemOf(error) }));
  }

  private set(conversation: Uuid, list: readonly Attached[]): void {
    if (list.length === 0) this.lists.delete(conversation);
    else this.lists.set(conversation, list);
    for (const listener of this.listeners) listener();
  }
}

export const uploads = new Uploads();
