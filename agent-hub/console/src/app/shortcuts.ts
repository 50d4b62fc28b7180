/**
 * The keyboard, in one place. Letters are read as the layout gives them and, where Alt changes the character
 * (macOS), by the key's position; AltGr (Ctrl+Alt) types characters and is left alone.
 */
import { useEffect } from "react";
import { type Command, command } from "./commands";

const ALT: Readonly<Record<string, Command>> = {
  j: "next",
  k: "previous",
  e: "resolve",
  c: "claim",
  p: "reply",
  l: "note",
  r: "react",
  a: "attach",
  t: "template",
};

export function letterOf(event: Pick<KeyboardEvent, "key" | "code">): string {
  const key = event.key.toLowerCase();
  if (/^[a-z]$/.test(key)) return key;
  return /^Key([A-Z])$/.exec(event.code)?.[1]?.toLowerCase() ?? key;
}

const isEditable = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName));

const dialogIsOpen = (): boolean => document.querySelector("[role=dialog]") !== null;

export function useShortcuts(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing || dialogIsOpen()) return;
      if (event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
        const name = ALT[letterOf(event)];
        if (!name) return;
        event.preventDefault();
        command(name);
      } else if (event.key === "?" && !event.ctrlKey && !event.metaKey && !isEditable(event.target)) {
        event.preventDefault();
        command("help");
      } else if (event.key === "Escape") {
        if (isEditable(event.target)) (event.target as HTMLElement).blur();
        else command("close_conversation");
      }
    };
    // Before whoever closes itself on Escape: afterwards nothing tells that the key was meant for it.
    window.addEventListener("keydown", onKey, { capture: true });
    return () => window.removeEventListener("keydown", onKey, { capture: true });
  }, []);
}
