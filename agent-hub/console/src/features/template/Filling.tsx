/** The slots of a template and, beside them, what the customer will read. */
import { Alert, Button, TextInput } from "@mantine/core";
import { IconUpload } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import type { TFunction } from "i18next";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { upload } from "../../api/media";
import { problemOf } from "../../api/problem";
import type { TemplateView } from "../../api/types";
import { problemText } from "../../ui/problem";
import { Choices } from "../conversation/content/Asked";
import { Formatted } from "../conversation/Formatted";
import { buttonsOf, type Filled, formOf, type HeaderFile, preview, type Slot } from "./shape";
import classes from "./TemplatePicker.module.css";
import { statusWord } from "./words";

const MAX_VALUE_CHARS = 1024;

export function Filling(props: { template: TemplateView; given: Filled; onGive: (given: Filled) => void }) {
  const { template, given, onGive } = props;
  const { t } = useTranslation();
  const form = formOf(template);
  return (
    <>
      {!template.is_sendable && (
        <Alert color="yellow" role="status" data-testid="template-unsendable">
          {t("template.paused")}: {statusWord(t, template.status)}
          {template.rejected_reason && `. ${t("template.meta_says", { words: template.rejected_reason })}`}
        </Alert>
      )}
      {form.beyond && <Alert color="yellow">{t("template.beyond")}</Alert>}
      {form.file && (
        <HeaderUpload sort={form.file} given={given} onGive={(file) => onGive({ ...given, file })} />
      )}
      {form.slots.map((slot, at) => (
        <TextInput
          key={slot.key}
          size="sm"
          label={slotWord(t, slot)}
          placeholder={slot.example ? t("template.example", { example: slot.example }) : undefined}
          maxLength={MAX_VALUE_CHARS}
          value={given.values[slot.key] ?? ""}
          onChange={(event) =>
            onGive({ ...given, values: { ...given.values, [slot.key]: event.currentTarget.value } })
          }
          data-testid="template-slot"
          data-slot={slot.key}
          autoFocus={at === 0}
        />
      ))}
      <Preview template={template} given={given} />
    </>
  );
}

function slotWord(t: TFunction, slot: Slot): string {
  if (slot.where === "header") return t("template.slot_header", { name: slot.name });
  if (slot.where === "body") return t("template.slot_body", { name: slot.name });
  return t(slot.where === "url" ? "template.slot_url" : "template.slot_copy_code");
}

export function Preview({ template, given }: { template: TemplateView; given: Filled }) {
  const { t } = useTranslation();
  const shown = preview(template, given);
  return (
    <section className={classes.preview} aria-label={t("template.preview")}>
      <h3>{t("template.preview")}</h3>
      <div className={classes.bubble} data-testid="template-preview">
        {shown.header && <p className={classes.header}>{shown.header}</p>}
        <Formatted text={shown.body} />
        {shown.footer && <p className={classes.footer}>{shown.footer}</p>}
        <Choices titles={buttonsOf(template.components).map((button) => button.text)} />
      </div>
    </section>
  );
}

const ACCEPTS: Record<HeaderFile, string> = {
  image: "image/jpeg,image/png",
  video: "video/mp4,video/3gpp",
  document: "application/pdf",
};

function HeaderUpload(props: { sort: HeaderFile; given: Filled; onGive: (file: string) => void }) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  const sending = useMutation({
    mutationFn: (file: File) =>
      upload(file, props.sort, { signal: new AbortController().signal, onProgress: () => undefined }),
    onSuccess: (answer) => props.onGive(answer.id),
  });
  return (
    <div className={classes.file}>
      <span>{t("template.file")}</span>
      <input
        ref={input}
        type="file"
        hidden
        accept={ACCEPTS[props.sort]}
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          if (file) sending.mutate(file);
        }}
        data-testid="template-file"
      />
      <Button
        variant="default"
        leftSection={<IconUpload size={15} aria-hidden="true" />}
        loading={sending.isPending}
        onClick={() => input.current?.click()}
      >
        {props.given.file && sending.variables ? sending.variables.name : t("template.file_choose")}
      </Button>
      {sending.error && (
        <span className={classes.trouble} role="alert">
          {problemText(t, problemOf(sending.error))}
        </span>
      )}
    </div>
  );
}
