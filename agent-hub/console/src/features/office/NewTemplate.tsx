/** A template of words and reply buttons, seen as the customer will read it while it is written. */
import { Alert, Button, NativeSelect, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { office } from "../../api/office";
import { ProblemError, problemOf } from "../../api/problem";
import type { Problem, TemplateView, Uuid } from "../../api/types";
import { Dialog } from "../../ui/Dialog";
import { notice } from "../../ui/notice";
import { problemText } from "../../ui/problem";
import dialog from "../conversation/Dialog.module.css";
import { Preview } from "../template/Filling";
import { categoryWord } from "../template/words";
import { components, type Draft, EMPTY, isNamed, isWhole, LIMITS, order, slotsOf } from "./draft";
import classes from "./Office.module.css";

const LANGUAGES = ["pt_BR", "es", "es_AR", "es_MX", "en", "en_US"];
const CATEGORIES = ["UTILITY", "MARKETING"];

export default function NewTemplate(props: { channelId: Uuid; onClose: () => void; onDone: () => void }) {
  const { channelId, onClose, onDone } = props;
  const { t } = useTranslation();
  const [draft, setDraft] = useState<Draft>(EMPTY);
  const put = (over: Partial<Draft>) => setDraft((now) => ({ ...now, ...over }));
  const create = useMutation({
    mutationFn: () => office.createTemplate(order(draft, channelId)),
    onSuccess: () => {
      notice.done(t("template.submitted"));
      onDone();
      onClose();
    },
  });
  const slots = slotsOf(`${draft.header} ${draft.body}`);
  return (
    <Dialog title={t("template.new")} onClose={onClose} testId="template-new-dialog" size={880}>
      <form
        className={dialog.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (isWhole(draft)) create.mutate();
        }}
      >
        <div className={classes.form}>
          <div className={classes.fields}>
            <TextInput
              size="sm"
              label={t("template.name")}
              description={t("template.name_hint")}
              maxLength={LIMITS.name}
              value={draft.name}
              onChange={(event) =>
                put({ name: event.currentTarget.value.toLowerCase().replaceAll(" ", "_") })
              }
              data-testid="draft-name"
              data-autofocus
            />
            <div className={classes.pair}>
              <NativeSelect
                size="sm"
                label={t("template.language")}
                data={LANGUAGES}
                value={draft.language}
                onChange={(event) => put({ language: event.currentTarget.value })}
              />
              <NativeSelect
                size="sm"
                label={t("template.category")}
                data={CATEGORIES.map((value) => ({ value, label: categoryWord(t, value) }))}
                value={draft.category}
                onChange={(event) => put({ category: event.currentTarget.value })}
              />
            </div>
            <TextInput
              size="sm"
              label={`${t("template.header")} (${t("common.optional")})`}
              maxLength={LIMITS.header}
              value={draft.header}
              onChange={(event) => put({ header: event.currentTarget.value })}
            />
            <Textarea
              size="sm"
              label={t("template.body")}
              description={t("template.body_hint", { one: "{{1}}", two: "{{2}}" })}
              autosize
              minRows={3}
              maxRows={8}
              maxLength={LIMITS.body}
              value={draft.body}
              onChange={(event) => put({ body: event.currentTarget.value })}
              data-testid="draft-body"
            />
            <TextInput
              size="sm"
              label={`${t("template.footer")} (${t("common.optional")})`}
              maxLength={LIMITS.footer}
              value={draft.footer}
              onChange={(event) => put({ footer: event.currentTarget.value })}
            />
            <Textarea
              size="sm"
              label={`${t("template.buttons")} (${t("common.optional")})`}
              autosize
              minRows={1}
              maxRows={5}
              value={draft.buttons}
              onChange={(event) => put({ buttons: event.currentTarget.value })}
            />
          </div>
          <div className={classes.fields}>
            <Preview template={asTemplate(draft)} given={{ values: {} }} />
            {slots.length > 0 && <strong>{t("template.examples")}</strong>}
            {slots.map((slot) => (
              <TextInput
                key={slot}
                size="sm"
                label={t("template.example_of", { name: `{{${slot}}}` })}
                value={draft.examples[slot] ?? ""}
                onChange={(event) =>
                  put({ examples: { ...draft.examples, [slot]: event.currentTarget.value } })
                }
                data-testid="draft-example"
              />
            ))}
          </div>
        </div>
        {create.error && (
          <Alert color="red" role="alert">
            {wordsOf(problemText(t, problemOf(create.error)), create.error)}
          </Alert>
        )}
        <div className={dialog.buttons}>
          <Button variant="default" size="sm" onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button
            type="submit"
            size="sm"
            disabled={!isWhole(draft)}
            loading={create.isPending}
            data-testid="draft-submit"
          >
            {t("template.submit")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** The server names the field and its limit: worth more than our general sentence. */
function wordsOf(words: string, error: unknown): string {
  const problem: Problem | undefined = error instanceof ProblemError ? error.problem : undefined;
  return problem?.status === 422 && problem.detail ? problem.detail : words;
}

/** What is written so far, in the shape that the preview knows. */
const asTemplate = (draft: Draft): TemplateView => ({
  id: "",
  name: draft.name,
  language: draft.language,
  category: draft.category,
  status: "DRAFT",
  quality: "UNKNOWN",
  is_sendable: false,
  parameter_format: isNamed(draft) ? "NAMED" : "POSITIONAL",
  components: components(draft),
  needs: { body: [], buttons: [], cards: 0 },
  updated_at: "",
});
