/** Which approved template, filled in with the customer's words before the agent's eyes, and sent. */
import { Button, NativeSelect, Skeleton, TextInput } from "@mantine/core";
import { IconSearch, IconTemplate } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLive } from "../../api/hooks";
import { problemOf } from "../../api/problem";
import type { ConversationView, TemplateView } from "../../api/types";
import { Dialog } from "../../ui/Dialog";
import { problemText } from "../../ui/problem";
import { Filling } from "./Filling";
import { bodyOf, type Filled, formOf, isComplete, messageOf } from "./shape";
import { QualityChip, StatusChip } from "./TemplateChips";
import classes from "./TemplatePicker.module.css";
import { useTemplates } from "./useTemplates";
import { categoryWord } from "./words";

export default function TemplatePicker({ head, onClose }: { head: ConversationView; onClose: () => void }) {
  const { t } = useTranslation();
  const live = useLive();
  const { data, error, isPending } = useTemplates(head.channel_id);
  const [chosen, setChosen] = useState<TemplateView>();
  const [given, setGiven] = useState<Filled>({ values: {} });
  const complete = chosen?.is_sendable === true && isComplete(formOf(chosen), given);

  const choose = (template: TemplateView) => {
    setChosen(template);
    setGiven({ values: {} });
  };
  const send = () => {
    if (!complete) return;
    const content = messageOf(chosen, given);
    live.outgoing.write({
      conversation_id: head.id,
      kind: "send",
      text: content.preview,
      content,
      epoch: head.epoch,
      reply_to_seq: null,
    });
    onClose();
  };

  return (
    <Dialog title={t("template.pick")} onClose={onClose} testId="template-dialog" size={860}>
      {error && <p role="alert">{problemText(t, problemOf(error))}</p>}
      {isPending && !error && <Skeleton height={320} radius="md" aria-label={t("common.loading")} />}
      {data?.length === 0 && <p>{t("template.none_at_all")}</p>}
      {data && data.length > 0 && (
        <div className={classes.columns}>
          <Choosing templates={data} chosen={chosen} onChoose={choose} />
          {chosen ? (
            <form
              className={classes.filling}
              onSubmit={(event) => {
                event.preventDefault();
                send();
              }}
            >
              <Filling key={chosen.id} template={chosen} given={given} onGive={setGiven} />
              <div className={classes.buttons}>
                <Button variant="default" size="sm" onClick={onClose}>
                  {t("common.cancel")}
                </Button>
                <Button type="submit" size="sm" disabled={!complete} data-testid="template-send">
                  {t("template.send")}
                </Button>
              </div>
            </form>
          ) : (
            <div className={classes.empty}>
              <IconTemplate size={30} stroke={1.4} aria-hidden="true" />
              {t("template.choose")}
            </div>
          )}
        </div>
      )}
    </Dialog>
  );
}

function Choosing(props: {
  templates: readonly TemplateView[];
  chosen: TemplateView | undefined;
  onChoose: (template: TemplateView) => void;
}) {
  const { templates, chosen, onChoose } = props;
  const { t } = useTranslation();
  const [search, setSearch] = useState("");
  const [language, setLanguage] = useState("");
  const languages = useMemo(() => [...new Set(templates.map((one) => one.language))].sort(), [templates]);
  const wanted = search.trim().toLocaleLowerCase();
  const shown = templates
    .filter((one) => language === "" || one.language === language)
    .filter((one) => `${one.name} ${bodyOf(one.components)}`.toLocaleLowerCase().includes(wanted))
    // What can be sent first; the server's order by name within.
    .sort((a, b) => Number(b.is_sendable) - Number(a.is_sendable));
  return (
    <div className={classes.choosing}>
      <TextInput
        size="sm"
        data-autofocus
        leftSection={<IconSearch size={15} aria-hidden="true" />}
        placeholder={t("template.search")}
        aria-label={t("template.search")}
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
        data-testid="template-search"
      />
      {languages.length > 1 && (
        <NativeSelect
          size="xs"
          aria-label={t("template.language")}
          value={language}
          data={[
            { value: "", label: t("template.all_languages") },
            ...languages.map((tag) => ({ value: tag, label: tag })),
          ]}
          onChange={(event) => setLanguage(event.currentTarget.value)}
          data-testid="template-language"
        />
      )}
      <ul className={classes.list} aria-label={t("template.list")}>
        {shown.map((one) => (
          <li key={one.id}>
            <button
              type="button"
              className={classes.entry}
              aria-pressed={one.id === chosen?.id}
              onClick={() => onChoose(one)}
              data-testid="template-entry"
              data-name={one.name}
              data-sendable={one.is_sendable}
            >
              <span className={classes.name}>{one.name}</span>
              <span className={classes.glimpse}>{bodyOf(one.components)}</span>
              <span className={classes.chips}>
                <span className={classes.faint}>
                  {one.language} · {categoryWord(t, one.category)}
                </span>
                {!one.is_sendable && <StatusChip status={one.status} />}
                <QualityChip quality={one.quality} />
              </span>
            </button>
          </li>
        ))}
        {shown.length === 0 && <li className={classes.none}>{t("template.none")}</li>}
      </ul>
    </div>
  );
}
