/**
 * What the timeline hands to the composer: refused words to edit, an item to answer in particular; and what the composer
 * hands on: words and files become messages.
 */
import { useEffect, useRef } from "react";
import type { Pending } from "../../api/outbox";
import type { ItemView } from "../../api/types";
import type { Attached } from "../../api/uploads";
import { takesCaption } from "./attachable";

export type Written = Pick<Pending, "text" | "content">;

/** A message a file; the words go below the first that takes them, or before all as a message of their own. */
export function messagesOf(text: string, files: readonly Attached[]): Written[] {
  const words = text.trim();
  const bearer = words ? files.find((one) => takesCaption(one.kind)) : undefined;
  const carried = files.map((one): Written => {
    const caption = one === bearer ? words : undefined;
    return {
      text: caption ?? "",
      content: {
        kind: "media",
        media: {
          kind: one.kind,
          file: one.id ?? null,
          file_name: one.kind === "document" ? one.file.name : null,
          ...(caption ? { caption } : {}),
        },
      },
    };
  });
  return words && !bearer ? [{ text: words }, ...carried] : carried;
}

const EDIT = "balcao:edit";
const QUOTE = "balcao:quote";
const REACT_TO = "balcao:react";

const tell = (name: string, detail: unknown): void => {
  window.dispatchEvent(new CustomEvent(name, { detail }));
};

export const editAgain = (pending: Pending): void => tell(EDIT, pending);
export const quote = (item: ItemView): void => tell(QUOTE, item);
/** By its seq: from the keyboard, where no bubble is under the pointer. */
export const reactTo = (seq: number): void => tell(REACT_TO, seq);

export const useEdit = (work: (pending: Pending) => void): void => useTold(EDIT, work);
export const useQuote = (work: (item: ItemView) => void): void => useTold(QUOTE, work);
export const useReactTo = (work: (seq: number) => void): void => useTold(REACT_TO, work);

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
