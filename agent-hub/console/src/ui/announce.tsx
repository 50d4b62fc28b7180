/** Words for a screen reader about what the eye sees by itself: no toast covers the composer for them. */
import { useSyncExternalStore } from "react";

let spoken = "";
const listeners = new Set<() => void>();

export function announce(words: string): void {
  spoken = words;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function Announcer() {
  const words = useSyncExternalStore(subscribe, () => spoken);
  return (
    <div className="visually-hidden" aria-live="polite">
      {words}
    </div>
  );
}
