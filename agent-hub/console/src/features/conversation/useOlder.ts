/** Older items, one page at a time; a failed page is tried again by the next scroll. */
import { useRef, useState } from "react";

export function useOlder(load: () => Promise<void>, more: boolean) {
  const [busy, setBusy] = useState(false);
  const running = useRef(false);
  return {
    busy,
    load: () => {
      if (!more || running.current) return;
      running.current = true;
      setBusy(true);
      load()
        .catch(() => undefined)
        .finally(() => {
          running.current = false;
          setBusy(false);
        });
    },
  };
}
