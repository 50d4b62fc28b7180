/** From which day to which; the answer is a zip that verifies without us. */
import { Alert, Button, Code, CopyButton, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { problemOf } from "../../api/problem";
import { notice } from "../../ui/notice";
import { problemText } from "../../ui/problem";
import { saveAs } from "../../ui/saveAs";
import classes from "./Audit.module.css";
import { daysAgo, rangeOf } from "./range";

export function ExportForm({ onDone }: { onDone?: () => void }) {
  const { t } = useTranslation();
  const [from, setFrom] = useState(() => daysAgo(new Date(), 7));
  const [to, setTo] = useState(() => daysAgo(new Date(), 0));
  const range = rangeOf(from, to);
  const key = useQuery({
    queryKey: ["audit key"],
    queryFn: api.auditKey,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const download = useMutation({
    mutationFn: (wanted: { from: Date; to: Date }) => api.auditExport(wanted.from, wanted.to),
    onSuccess: (blob) => {
      saveAs(blob, `balcao-audit-${from}-${to}.zip`);
      notice.done(t("audit.done"));
      onDone?.();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (range) download.mutate(range);
  };
  return (
    <form className={classes.form} onSubmit={submit}>
      <p className={classes.explain}>{t("audit.explain")}</p>
      <div className={classes.dates}>
        <TextInput
          type="date"
          size="sm"
          label={t("audit.from")}
          value={from}
          required
          withAsterisk={false}
          onChange={(event) => setFrom(event.currentTarget.value)}
          data-testid="export-from"
        />
        <TextInput
          type="date"
          size="sm"
          label={t("audit.to")}
          value={to}
          required
          withAsterisk={false}
          error={range ? undefined : t("audit.range")}
          onChange={(event) => setTo(event.currentTarget.value)}
          data-testid="export-to"
        />
      </div>
      {download.error && (
        <Alert color="red" role="alert">
          {problemText(t, problemOf(download.error))}
        </Alert>
      )}
      {key.data && (
        <div className={classes.key}>
          <span>{t("audit.key")}</span>
          <Code className={classes.code}>{key.data.vkey}</Code>
          <CopyButton value={key.data.vkey}>
            {({ copied, copy }) => (
              <Button size="compact-xs" variant="default" onClick={copy}>
                {t(copied ? "common.copied" : "common.copy")}
              </Button>
            )}
          </CopyButton>
        </div>
      )}
      <Button
        type="submit"
        size="sm"
        disabled={!range}
        loading={download.isPending}
        data-testid="export-submit"
      >
        {t("audit.submit")}
      </Button>
    </form>
  );
}
