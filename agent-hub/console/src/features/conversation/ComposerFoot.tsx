/** Below the box: files, templates, what a key does, and the button. */
import { ActionIcon, Button } from "@mantine/core";
import { IconLock, IconPaperclip, IconSend2, IconTemplate } from "@tabler/icons-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import type { DraftKind } from "../../api/drafts";
import { MAX_TEXT_CHARS } from "../../api/types";
import { useCommand } from "../../app/commands";
import classes from "./Composer.module.css";

const COUNT_FROM = 3500;

export interface FootProps {
  kind: DraftKind;
  chars: number;
  sendable: boolean;
  /** What keeps the files from leaving. */
  trouble: "uploading" | "failed" | undefined;
  onSend: () => void;
  onFiles: (files: readonly File[]) => void;
  onTemplate: () => void;
}

export function Foot({ kind, chars, sendable, trouble, onSend, onFiles, onTemplate }: FootProps) {
  const { t } = useTranslation();
  const note = kind === "note";
  const hint = trouble
    ? t(trouble === "failed" ? "composer.mend_upload" : "composer.wait_upload")
    : chars >= COUNT_FROM
      ? t("composer.too_long", { count: chars, max: MAX_TEXT_CHARS })
      : t("composer.hint");
  return (
    <div className={classes.foot}>
      <div className={classes.tools}>
        {!note && <Files onFiles={onFiles} />}
        {!note && (
          <ActionIcon
            variant="subtle"
            color="gray"
            size={30}
            aria-label={t("composer.template")}
            title={`${t("composer.template")} (Alt+T)`}
            onClick={onTemplate}
            data-testid="template-open"
          >
            <IconTemplate size={18} aria-hidden="true" />
          </ActionIcon>
        )}
        <span id="composer-hint" className={classes.hint}>
          {hint}
        </span>
      </div>
      <Button
        size="sm"
        className={classes.send}
        disabled={!sendable}
        onClick={onSend}
        rightSection={
          note ? <IconLock size={15} aria-hidden="true" /> : <IconSend2 size={16} aria-hidden="true" />
        }
        data-testid="send"
      >
        {t(note ? "composer.save_note" : "composer.send")}
      </Button>
    </div>
  );
}

function Files({ onFiles }: Pick<FootProps, "onFiles">) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  useCommand("attach", () => input.current?.click());
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        onChange={(event) => {
          onFiles([...(event.currentTarget.files ?? [])]);
          // The same file may be chosen again.
          event.currentTarget.value = "";
        }}
        data-testid="attach-input"
      />
      <ActionIcon
        variant="subtle"
        color="gray"
        size={30}
        aria-label={t("composer.attach")}
        title={`${t("composer.attach")} (Alt+A). ${t("composer.limits")}`}
        onClick={() => input.current?.click()}
        data-testid="attach"
      >
        <IconPaperclip size={18} aria-hidden="true" />
      </ActionIcon>
    </>
  );
}
