/** Where one writes: to the customer or, unmistakably, to colleagues. Locked with a reason while a reply may not be sent. */
import { Button, Textarea } from "@mantine/core";
import { IconLock, IconSend2 } from "@tabler/icons-react";
import { type KeyboardEvent, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { useTranslation } from "react-i18next";
import { type DraftKind, readDraft, writeDraft } from "../../api/drafts";
import { useLink, useLive, useSession } from "../../api/hooks";
import { type ConversationView, type ItemView, MAX_TEXT_CHARS } from "../../api/types";
import { useCommand } from "../../app/commands";
import { useNow } from "../../ui/time";
import classes from "./Composer.module.css";
import { Quoting, Tab } from "./ComposerParts";
import { useEdit, useQuote } from "./composing";
import { LockBar } from "./LockBar";
import { lockOf } from "./owner";
import type { Claim } from "./useActions";
import { WindowChip } from "./WindowChip";

const COUNT_FROM = 3500;
const STEP_MS = 5_000;
export function Composer(props: { head: ConversationView; items: readonly ItemView[]; claim: Claim }) {
  const { head, items, claim } = props;
  const { t } = useTranslation();
  const live = useLive();
  const link = useLink();
  const me = useSession()?.agent.id ?? "";
  const now = useNow(STEP_MS);
  const lock = lockOf(head, me, now);
  const box = useRef<HTMLTextAreaElement>(null);
  const [kind, setKind] = useState<DraftKind>("send");
  const [words, setWords] = useState(() => ({
    send: readDraft(head.id, "send"),
    note: readDraft(head.id, "note"),
  }));
  const [replyTo, setReplyTo] = useState<number | null>(null);
  const text = words[kind];
  const chars = [...text].length;
  const locked = kind === "send" && lock !== null;
  const sendable = !locked && text.trim() !== "" && chars <= MAX_TEXT_CHARS;

  const write = (to: DraftKind, next: string) => {
    setWords((all) => ({ ...all, [to]: next }));
    writeDraft(head.id, to, next);
  };
  const turnTo = (to: DraftKind) => {
    // At once: the next key typed must already go into the box.
    flushSync(() => setKind(to));
    box.current?.focus();
  };
  useCommand("reply", () => turnTo("send"));
  useCommand("note", () => turnTo("note"));
  useEdit((pending) => {
    if (pending.conversation_id !== head.id) return;
    const current = words[pending.kind];
    write(pending.kind, current ? `${current}\n${pending.text}` : pending.text);
    turnTo(pending.kind);
  });
  useQuote((item) => {
    setReplyTo(item.seq);
    turnTo("send");
  });

  const send = () => {
    if (!sendable) return;
    const reply_to_seq = kind === "send" ? replyTo : null;
    live.outgoing.write({
      conversation_id: head.id,
      kind,
      text: text.trim(),
      epoch: head.epoch,
      reply_to_seq,
    });
    write(kind, "");
    setReplyTo(null);
    box.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };

  return (
    <section
      className={classes.composer}
      data-kind={kind}
      data-lock={lock ?? undefined}
      data-testid="composer-area"
    >
      <div className={classes.top}>
        <div className={classes.tabs} role="tablist" aria-label={t("composer.tabs")}>
          <Tab kind="send" now={kind} onPick={turnTo} />
          <Tab kind="note" now={kind} onPick={turnTo} />
        </div>
        {head.status !== "resolved" && kind === "send" && <WindowChip head={head} countdown />}
      </div>
      {link !== "live" && (
        <p className={classes.warning} role="status" data-testid="composer-warning">
          {t(link === "offline" ? "composer.offline" : "composer.catching_up")}
        </p>
      )}
      <div
        id="composer-panel"
        role="tabpanel"
        aria-label={t(kind === "note" ? "composer.note" : "composer.reply")}
      >
        {locked ? (
          <LockBar head={head} lock={lock} claim={claim} />
        ) : (
          <>
            {kind === "send" && replyTo !== null && (
              <Quoting
                head={head}
                item={items.find((one) => one.seq === replyTo)}
                onCancel={() => setReplyTo(null)}
              />
            )}
            <div className={classes.write}>
              <Textarea
                ref={box}
                className={classes.text}
                variant="unstyled"
                autosize
                minRows={2}
                maxRows={9}
                value={text}
                placeholder={t(kind === "note" ? "composer.note_placeholder" : "composer.reply_placeholder")}
                aria-label={t(kind === "note" ? "composer.note" : "composer.reply")}
                aria-describedby="composer-hint"
                error={chars > MAX_TEXT_CHARS}
                onChange={(event) => write(kind, event.currentTarget.value)}
                onKeyDown={onKeyDown}
                data-testid="composer"
              />
            </div>
            <div className={classes.foot}>
              <span id="composer-hint" className={classes.hint}>
                {chars >= COUNT_FROM
                  ? t("composer.too_long", { count: chars, max: MAX_TEXT_CHARS })
                  : t("composer.hint")}
              </span>
              <Button
                size="sm"
                className={classes.send}
                disabled={!sendable}
                onClick={send}
                rightSection={
                  kind === "note" ? (
                    <IconLock size={15} aria-hidden="true" />
                  ) : (
                    <IconSend2 size={16} aria-hidden="true" />
                  )
                }
                data-testid="send"
              >
                {t(kind === "note" ? "composer.save_note" : "composer.send")}
              </Button>
            </div>
          </>
        )}
      </div>
    </section>
  );
}
