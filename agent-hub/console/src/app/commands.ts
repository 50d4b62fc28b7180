/** What a key, the palette or a button may ask of whatever is on the screen. */
import { useEffect, useRef } from "react";

export type Command =
  | "reply"
  | "note"
  | "react"
  | "attach"
  | "template"
  | "claim"
  | "release"
  | "transfer"
  | "resolve"
  | "next"
  | "previous"
  | "help"
  | "palette"
  | "export"
  | "merge"
  | "toggle_contact"
  | "close_conversation";

const bus = new EventTarget();

export const command = (name: Command): void => {
  bus.dispatchEvent(new Event(name));
};

export function useCommand(name: Command, work: () => void): void {
  const latest = useRef(work);
  useEffect(() => {
    latest.current = work;
  });
  useEffect(() => {
    const listener = () => latest.current();
    bus.addEventListener(name, listener);
    return () => bus.removeEventListener(name, listener);
  }, [name]);
}
