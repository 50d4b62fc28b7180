/** The files above the box: what they are, how far they are, the way out. */
import { ActionIcon, Button, Progress } from "@mantine/core";
import { IconMovie, IconVolume, IconX } from "@tabler/icons-react";
import type { TFunction } from "i18next";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Problem, Uuid } from "../../api/types";
import { type Attached, uploads } from "../../api/uploads";
import { problemText } from "../../ui/problem";
import classes from "./Attachments.module.css";
import { iconOf } from "./content/Attachment";
import { size } from "./content/shapes";

export function Attachments({ conversation, list }: { conversation: Uuid; list: readonly Attached[] }) {
  const { t } = useTranslation();
  if (list.length === 0) return null;
  return (
    <ul className={classes.tray} aria-label={t("composer.attachments")} data-testid="attachments">
      {list.map((one) => (
        <li
          key={one.key}
          className={classes.one}
          data-testid="attachment"
          data-state={one.state}
          data-kind={one.kind}
        >
          <Glimpse one={one} />
          <div className={classes.words}>
            <span className={classes.name} title={one.file.name}>
              {one.file.name}
            </span>
            <State one={one} conversation={conversation} />
          </div>
          <ActionIcon
            variant="subtle"
            color="gray"
            size={24}
            aria-label={t("composer.remove_file", { name: one.file.name })}
            onClick={() => uploads.remove(conversation, one.key)}
            data-testid="attachment-remove"
          >
            <IconX size={15} aria-hidden="true" />
          </ActionIcon>
        </li>
      ))}
    </ul>
  );
}

/** The server says what is wrong with a file, and its limit: worth more than our general sentence. */
const refusal = (t: TFunction, problem: Problem): string =>
  (problem.status === 422 || problem.status === 413) && problem.detail
    ? problem.detail
    : problemText(t, problem);

/** What the server refuses as it is, it refuses again. */
const mayHelp = ({ problem }: Attached): boolean => !problem || problem.status === 0 || problem.status >= 500;

function State({ one, conversation }: { one: Attached; conversation: Uuid }) {
  const { t, i18n } = useTranslation();
  if (one.state === "failed") {
    return (
      <span className={classes.failed} role="alert">
        {one.problem && refusal(t, one.problem)}
        {mayHelp(one) && (
          <Button size="compact-xs" variant="default" onClick={() => uploads.retry(conversation, one.key)}>
            {t("common.retry")}
          </Button>
        )}
      </span>
    );
  }
  if (one.state === "uploading") {
    const share = Math.round(one.share * 100);
    return (
      <Progress
        value={share}
        size={5}
        aria-label={t("composer.uploading", { share })}
        classNames={{ root: classes.progress }}
      />
    );
  }
  return (
    <span className={classes.facts}>
      {size(i18n.language, one.file.size)}
      {one.as_document && ` · ${t("composer.as_document")}`}
    </span>
  );
}

function Glimpse({ one }: { one: Attached }) {
  const [url, setUrl] = useState<string>();
  const picture = one.kind === "image";
  useEffect(() => {
    if (!picture) return;
    const made = URL.createObjectURL(one.file);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [one.file, picture]);
  const Icon = one.kind === "video" ? IconMovie : one.kind === "audio" ? IconVolume : iconOf(one.file.type);
  return (
    <span className={classes.glimpse}>
      {url ? <img src={url} alt="" /> : <Icon size={20} stroke={1.6} aria-hidden="true" />}
    </span>
  );
}
