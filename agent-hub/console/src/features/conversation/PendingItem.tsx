/** Words on their way, or refused: nothing written is ever lost from the screen. */
import { Button } from "@mantine/core";
import { IconClock, IconLock, IconPaperclip, IconTemplate } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useLink, useLive } from "../../api/hooks";
import type { Pending } from "../../api/outbox";
import { problemText } from "../../ui/problem";
import { useFormats } from "../../ui/time";
import { editAgain } from "./composing";
import classes from "./Item.module.css";
import contentClasses from "./ItemContent.module.css";

export function PendingItem({ pending, epoch }: { pending: Pending; epoch: number }) {
  const { t } = useTranslation();
  const { clock } = useFormats();
  const live = useLive();
  const link = useLink();
  const note = pending.kind === "note";
  return (
    <div
      className={classes.item}
      data-look={note ? "note" : "out"}
      data-state={pending.state}
      data-testid="pending"
      data-client-ref={pending.client_ref}
    >
      {note && (
        <div className={classes.author}>
          <IconLock size={13} aria-hidden="true" /> {t("thread.note")}
        </div>
      )}
      <div className={classes.line}>
        <div className={classes.bubble}>
          <Words pending={pending} />
          <div className={classes.meta}>
            <time>{clock(pending.at)}</time>
            {pending.state !== "refused" && (
              <>
                <IconClock size={14} aria-hidden="true" />
                <span className={link === "offline" ? undefined : "visually-hidden"}>
                  {t(link === "offline" ? "ticks.waiting_link" : "ticks.pending")}
                </span>
              </>
            )}
          </div>
        </div>
      </div>
      {pending.state === "refused" && pending.problem && (
        <>
          <p className={classes.refusal} role="alert">
            {problemText(t, pending.problem)}
          </p>
          <div className={classes.refusalActions}>
            <Button
              size="compact-xs"
              variant="light"
              data-testid="pending-retry"
              onClick={() => live.outgoing.retry(pending.client_ref, epoch)}
            >
              {t("pending.try_again")}
            </Button>
            {!pending.content && (
              <Button
                size="compact-xs"
                variant="default"
                data-testid="pending-edit"
                onClick={() => {
                  editAgain(pending);
                  live.outgoing.discard(pending.client_ref);
                }}
              >
                {t("pending.edit")}
              </Button>
            )}
            <Button
              size="compact-xs"
              variant="default"
              data-testid="pending-discard"
              onClick={() => live.outgoing.discard(pending.client_ref)}
            >
              {t("pending.discard")}
            </Button>
          </div>
        </>
      )}
    </div>
  );
}

function Words({ pending }: { pending: Pending }) {
  const { t } = useTranslation();
  const { content, text } = pending;
  return (
    <>
      {content?.kind === "media" && (
        <p className={contentClasses.carried}>
          <IconPaperclip size={15} aria-hidden="true" />
          {content.media.file_name ?? t(`media.${content.media.kind}`)}
        </p>
      )}
      {content?.kind === "template" && (
        <p className={contentClasses.carried}>
          <IconTemplate size={15} aria-hidden="true" />
          {t("thread.template", { name: content.name })}
        </p>
      )}
      {text && <p className={contentClasses.text}>{text}</p>}
    </>
  );
}
