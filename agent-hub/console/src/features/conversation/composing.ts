/** What the timeline hands to the composer: refused words to edit, an item to answer in particular. */
import { useEffect, useRef } from "react";
import type { Pending } from "../../api/outbox";
import type { ItemView } from "../../api/types";

const EDIT = "balcao:edit";
const QUOTE = "balcao:quote";

const tell = (name: string, detail: unknown): void => {
  window.dispatchEvent(new CustomEvent(name, { detail }));
};

export const editAgain = (pending: Pending): void => tell(EDIT, pending);
export const quote = (item: ItemView): void => tell(QUOTE, item);

export const useEdit = (work: (pending: Pending) => void): void => useTold(EDIT, work);
export const useQuote = (work: (item: ItemView) => void): void => useTold(QUOTE, work);

function useTold<T>(name: string, work: (detail: T) => void): void {
  const latest = useRef(work);
  useEffect(() => {
    latest.current = work;
  });
  useEffect(() => {
    const listener = (event: Event) => latest.current((event as CustomEvent<T>).detail);
    window.addEventListener(name, listener);
    return () => window.removeEventListener(name, listener);
  }, [name]);
}
