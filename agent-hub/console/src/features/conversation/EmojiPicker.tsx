/** A small table of emoji: the usual six first, arrows walk, Escape leaves. */
import { Popover } from "@mantine/core";
import { type KeyboardEvent, type ReactNode, useRef } from "react";
import { useTranslation } from "react-i18next";
import classes from "./EmojiPicker.module.css";

const USUAL = ["👍", "❤️", "😂", "😮", "😢", "🙏"] as const;
const MORE = [
  ..."😀😄😊😉😍🥰😅🤔😐😕😬😳😴🤒🤗🥳😎🤝👏🙌👌✌️💪👋🫡🔥✨🎉💚💙💛🧡⭐✅❌❗❓⏳📞📷📎📍🛠️🔧🔌💡📶🚚💳🧾📅",
];

/** Signs that change the one before belong to it. */
const EMOJI: readonly string[] = MORE.reduce<string[]>((all, sign) => {
  if (sign === "\u{fe0f}") all[all.length - 1] += sign;
  else all.push(sign);
  return all;
}, []);
const COLUMNS = 6;

export interface EmojiPickerProps {
  opened: boolean;
  /** The one that stands there already. */
  chosen: string | undefined;
  onPick: (emoji: string | null) => void;
  onClose: () => void;
  children: ReactNode;
}

export function EmojiPicker({ opened, chosen, onPick, onClose, children }: EmojiPickerProps) {
  return (
    <Popover
      opened={opened}
      onDismiss={onClose}
      onClose={onClose}
      trapFocus
      returnFocus
      withArrow
      shadow="md"
      position="top"
      transitionProps={{ duration: 0 }}
    >
      <Popover.Target>{children}</Popover.Target>
      <Popover.Dropdown p={6}>{opened && <Table chosen={chosen} onPick={onPick} />}</Popover.Dropdown>
    </Popover>
  );
}

function Table({ chosen, onPick }: Pick<EmojiPickerProps, "chosen" | "onPick">) {
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const walk = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS }[event.key];
    if (!step) return;
    event.preventDefault();
    const all: HTMLElement[] = [...(box.current?.querySelectorAll("button") ?? [])];
    const now = all.indexOf(document.activeElement as HTMLElement);
    all[Math.min(Math.max(now + step, 0), all.length - 1)]?.focus();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset brings a form's looks with it
    <div ref={box} className={classes.table} role="group" aria-label={t("thread.react")} onKeyDown={walk}>
      {[...USUAL, ...EMOJI].map((emoji, at) => (
        <button
          key={emoji}
          type="button"
          className={classes.emoji}
          data-autofocus={at === 0 || undefined}
          tabIndex={at === 0 ? 0 : -1}
          aria-pressed={emoji === chosen}
          onClick={() => onPick(emoji === chosen ? null : emoji)}
          data-testid="emoji"
        >
          {emoji}
        </button>
      ))}
    </div>
  );
}
