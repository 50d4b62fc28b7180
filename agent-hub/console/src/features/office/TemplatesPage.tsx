/** The templates of a number's account: what Meta thinks of them, new ones, and the way out for old ones. */
import { ActionIcon, Button, NativeSelect, Skeleton } from "@mantine/core";
import { IconPlus, IconRefresh, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "../../api/keys";
import { office } from "../../api/office";
import { problemOf } from "../../api/problem";
import type { TemplateView, Uuid } from "../../api/types";
import { Dialog } from "../../ui/Dialog";
import { notice } from "../../ui/notice";
import { problemText } from "../../ui/problem";
import dialog from "../conversation/Dialog.module.css";
import { bodyOf } from "../template/shape";
import { QualityChip, StatusChip } from "../template/TemplateChips";
import { useTemplates } from "../template/useTemplates";
import { categoryWord } from "../template/words";
import { Office } from "./Office";
import classes from "./Office.module.css";

const NewTemplate = lazy(() => import("./NewTemplate"));

/** Meta answers within seconds; what changed is read again then. */
const SOON_MS = 4_000;

export default function TemplatesPage() {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const channels = useQuery({ queryKey: keys.channels, queryFn: office.channels });
  const [picked, setPicked] = useState<Uuid>();
  const channel = picked ?? channels.data?.[0]?.id;
  const { data, error } = useTemplates(channel ?? "", channel !== undefined);
  const [making, setMaking] = useState(false);
  const [leaving, setLeaving] = useState<TemplateView>();
  const again = () => {
    const read = () => void cache.invalidateQueries({ queryKey: keys.templates(channel ?? "") });
    read();
    setTimeout(read, SOON_MS);
  };
  const sync = useMutation({
    mutationFn: () => office.readTemplates(channel ?? ""),
    onSuccess: () => {
      notice.done(t("template.synced"));
      again();
    },
    onError: (failure) => notice.failed(problemText(t, problemOf(failure))),
  });
  const tools = channel !== undefined && (
    <>
      {(channels.data?.length ?? 0) > 1 && (
        <NativeSelect
          size="xs"
          aria-label={t("template.number")}
          value={channel}
          data={channels.data?.map((one) => ({ value: one.id, label: one.name })) ?? []}
          onChange={(event) => setPicked(event.currentTarget.value)}
        />
      )}
      <Button
        variant="default"
        leftSection={<IconRefresh size={15} aria-hidden="true" />}
        loading={sync.isPending}
        onClick={() => sync.mutate()}
      >
        {t("template.sync")}
      </Button>
      <Button
        leftSection={<IconPlus size={15} aria-hidden="true" />}
        onClick={() => setMaking(true)}
        data-testid="template-new"
      >
        {t("template.new")}
      </Button>
    </>
  );
  return (
    <Office title={t("nav.templates")} explain={t("template.page_explain")} tools={tools}>
      {(error ?? channels.error) && <p role="alert">{problemText(t, problemOf(error ?? channels.error))}</p>}
      {!data && !error && <Skeleton height={240} radius="lg" />}
      {data?.length === 0 && <p className={classes.none}>{t("template.none")}</p>}
      {data && data.length > 0 && <List templates={data} onDelete={setLeaving} />}
      <Suspense>
        {making && channel && (
          <NewTemplate channelId={channel} onClose={() => setMaking(false)} onDone={again} />
        )}
      </Suspense>
      {leaving && <Leaving template={leaving} onClose={() => setLeaving(undefined)} onDone={again} />}
    </Office>
  );
}

function List(props: { templates: readonly TemplateView[]; onDelete: (template: TemplateView) => void }) {
  const { t } = useTranslation();
  return (
    <table className={classes.table}>
      <thead>
        <tr>
          <th scope="col">{t("template.name")}</th>
          <th scope="col">{t("template.language")}</th>
          <th scope="col">{t("template.category")}</th>
          <th scope="col">{t("template.status")}</th>
          <th scope="col">
            <span className="visually-hidden">{t("common.delete")}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {props.templates.map((one) => (
          <tr key={one.id} data-testid="template-row" data-name={one.name} data-status={one.status}>
            <td>
              <span className={classes.what}>
                <strong>{one.name}</strong>
                <span className={classes.clamp}>{bodyOf(one.components)}</span>
                {(one.fault ?? one.rejected_reason) && (
                  <span className={classes.trouble}>
                    {t("template.meta_says", { words: one.fault ?? one.rejected_reason })}
                  </span>
                )}
              </span>
            </td>
            <td>{one.language}</td>
            <td>{categoryWord(t, one.category)}</td>
            <td>
              <StatusChip status={one.status} /> <QualityChip quality={one.quality} />
            </td>
            <td>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={t("template.delete", { name: one.name })}
                title={t("template.delete", { name: one.name })}
                onClick={() => props.onDelete(one)}
                data-testid="template-delete"
              >
                <IconTrash size={17} aria-hidden="true" />
              </ActionIcon>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Leaving(props: { template: TemplateView; onClose: () => void; onDone: () => void }) {
  const { template, onClose, onDone } = props;
  const { t } = useTranslation();
  const leave = useMutation({
    mutationFn: () => office.deleteTemplate(template.id),
    onSuccess: () => {
      notice.done(t("template.deleted"));
      onDone();
      onClose();
    },
    onError: (error) => notice.failed(problemText(t, problemOf(error))),
  });
  return (
    <Dialog
      title={t("template.delete", { name: template.name })}
      onClose={onClose}
      testId="template-delete-dialog"
    >
      <div className={dialog.form}>
        <p>{t("template.delete_sure", { name: template.name, language: template.language })}</p>
        <div className={dialog.buttons}>
          <Button variant="default" size="sm" onClick={onClose} data-autofocus>
            {t("common.cancel")}
          </Button>
          <Button
            size="sm"
            color="red"
            loading={leave.isPending}
            onClick={() => leave.mutate()}
            data-testid="template-delete-submit"
          >
            {t("common.delete")}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
