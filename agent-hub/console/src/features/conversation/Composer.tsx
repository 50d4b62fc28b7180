/** Where one writes: to the customer or, unmistakably, to colleagues. Locked with a reason while a reply may not be sent. */
import { Textarea } from "@mantine/core";
import { type ClipboardEvent, type KeyboardEvent, lazy, Suspense, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { useTranslation } from "react-i18next";
import { type DraftKind, readDraft, writeDraft } from "../../api/drafts";
import { useLink, useLive, useSession } from "../../api/hooks";
import { type ConversationView, type ItemView, MAX_TEXT_CHARS } from "../../api/types";
import { uploads } from "../../api/uploads";
import { useCommand } from "../../app/commands";
import { useNow } from "../../ui/time";
import { Attachments } from "./Attachments";
import classes from "./Composer.module.css";
import { Foot } from "./ComposerFoot";
import { Quoting, Tab } from "./ComposerParts";
import { messagesOf, useEdit, useQuote } from "./composing";
import { LockBar } from "./LockBar";
import { lockOf, ownerOf } from "./owner";
import type { Claim } from "./useActions";
import { useAttachments } from "./useAttachments";
import { WindowChip } from "./WindowChip";

const TemplatePicker = lazy(() => import("../template/TemplatePicker"));

const STEP_MS = 5_000;

export function Composer(props: { head: ConversationView; items: readonly ItemView[]; claim: Claim }) {
  const { head, items, claim } = props;
  const { t } = useTranslation();
  const live = useLive();
  const link = useLink();
  const me = useSession()?.agent.id ?? "";
  const now = useNow(STEP_MS);
  const lock = lockOf(head, me, now);
  const mine = ownerOf(head, me) === "me";
  const box = useRef<HTMLTextAreaElement>(null);
  const [kind, setKind] = useState<DraftKind>("send");
  const [words, setWords] = useState(() => ({
    send: readDraft(head.id, "send"),
    note: readDraft(head.id, "note"),
  }));
  const [replyTo, setReplyTo] = useState<number | null>(null);
  const [picking, setPicking] = useState(false);
  const text = words[kind];
  const chars = [...text].length;
  const locked = kind === "send" && lock !== null;
  const attachments = useAttachments(head.id, kind === "send" && !locked);
  const files = kind === "send" ? attachments.list : [];
  const says = text.trim() !== "" || files.length > 0;
  const sendable = !locked && says && chars <= MAX_TEXT_CHARS && (kind === "note" || !attachments.trouble);

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
  useCommand("template", () => mine && setPicking(true));
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
    for (const [at, message] of messagesOf(text, files).entries()) {
      live.outgoing.write({
        conversation_id: head.id,
        kind,
        epoch: head.epoch,
        reply_to_seq: kind === "send" && at === 0 ? replyTo : null,
        ...message,
      });
    }
    if (kind === "send") uploads.clear(head.id);
    write(kind, "");
    setReplyTo(null);
    box.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  const onPaste = (event: ClipboardEvent) => {
    const pasted = [...event.clipboardData.files];
    if (kind !== "send" || pasted.length === 0) return;
    event.preventDefault();
    attachments.add(pasted);
  };
  const onChange = (next: string) => {
    write(kind, next);
    if (kind === "send" && next.trim() !== "") live.typing(head.id);
  };
  const placeholder =
    kind === "note" ? "note_placeholder" : files.length > 0 ? "caption_placeholder" : "reply_placeholder";

  return (
    <section
      className={classes.composer}
      data-kind={kind}
      data-lock={lock ?? undefined}
      data-testid="composer-area"
    >
      {attachments.dragging && <div className={classes.drop}>{t("composer.drop")}</div>}
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
          <LockBar head={head} lock={lock} claim={claim} onTemplate={() => setPicking(true)} />
        ) : (
          <>
            {kind === "send" && replyTo !== null && (
              <Quoting
                head={head}
                item={items.find((one) => one.seq === replyTo)}
                onCancel={() => setReplyTo(null)}
              />
            )}
            <Attachments conversation={head.id} list={files} />
            <div className={classes.write}>
              <Textarea
                ref={box}
                className={classes.text}
                variant="unstyled"
                autosize
                minRows={2}
                maxRows={9}
                value={text}
                placeholder={t(`composer.${placeholder}`)}
                aria-label={t(kind === "note" ? "composer.note" : "composer.reply")}
                aria-describedby="composer-hint"
                error={chars > MAX_TEXT_CHARS}
                onChange={(event) => onChange(event.currentTarget.value)}
                onKeyDown={onKeyDown}
                onPaste={onPaste}
                data-testid="composer"
              />
            </div>
            <Foot
              kind={kind}
              chars={chars}
              sendable={sendable}
              trouble={kind === "send" ? attachments.trouble : undefined}
              onSend={send}
              onFiles={attachments.add}
              onTemplate={() => setPicking(true)}
            />
          </>
        )}
      </div>
      {picking && (
        <Suspense>
          <TemplatePicker head={head} onClose={() => setPicking(false)} />
        </Suspense>
      )}
    </section>
  );
}
