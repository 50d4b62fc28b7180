/** What Meta told by itself. Its text may name people: opening it is recorded. */
import { Button, SegmentedControl, Skeleton } from "@mantine/core";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import type { TFunction } from "i18next";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "../../api/keys";
import { office } from "../../api/office";
import { problemOf } from "../../api/problem";
import type { NoticeView } from "../../api/types";
import type ptBR from "../../i18n/pt-BR.json";
import { Chip, type Tone } from "../../ui/Chip";
import { problemText } from "../../ui/problem";
import { useFormats } from "../../ui/time";
import { Office } from "./Office";
import classes from "./Office.module.css";

const FILTERS = ["all", "warning", "alert"] as const;
type Filter = (typeof FILTERS)[number];

export default function NoticesPage() {
  const { t } = useTranslation();
  const [filter, setFilter] = useState<Filter>("warning");
  const { data, error, isPending, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: keys.notices(filter),
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      office.notices({
        ...(filter === "all" ? {} : { at_least: filter }),
        ...(pageParam ? { before: pageParam } : {}),
      }),
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const notices = data?.pages.flatMap((page) => page.notices) ?? [];
  const tools = (
    <SegmentedControl
      size="xs"
      aria-label={t("notices.filter")}
      value={filter}
      onChange={(next) => setFilter(next as Filter)}
      data={FILTERS.map((one) => ({ value: one, label: t(`notices.${one}`) }))}
    />
  );
  return (
    <Office title={t("nav.notices")} explain={t("notices.explain")} tools={tools}>
      {error && <p role="alert">{problemText(t, problemOf(error))}</p>}
      {isPending && !error && <Skeleton height={180} radius="lg" />}
      {data && notices.length === 0 && <p className={classes.none}>{t("notices.none")}</p>}
      {notices.map((one) => (
        <Notice key={one.id} notice={one} />
      ))}
      {hasNextPage && (
        <Button variant="default" mt="md" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t("common.more")}
        </Button>
      )}
    </Office>
  );
}

const TONES: Readonly<Record<string, Tone>> = { info: "plain", warning: "amber", alert: "red" };

function Notice({ notice }: { notice: NoticeView }) {
  const { t } = useTranslation();
  const { short } = useFormats();
  const text = useMutation({ mutationFn: () => office.openNotice(notice.id), gcTime: 0 });
  const details = Object.entries(notice.detail).filter(([, value]) => value !== null && value !== "");
  return (
    <article className={classes.notice} data-testid="notice" data-severity={notice.severity}>
      <div>
        <Chip tone={TONES[notice.severity] ?? "plain"}>
          {t(`notices.severity_${notice.severity as "info" | "warning" | "alert"}`, {
            defaultValue: notice.severity,
          })}
        </Chip>
      </div>
      <div>
        <strong>{fieldOf(t, notice.field)}</strong>
        {notice.event && <span> · {notice.event}</span>}
        <div className={classes.faint}>
          <time dateTime={notice.at}>{short(notice.at)}</time>
        </div>
        {details.length > 0 && (
          <dl className={classes.detail}>
            {details.map(([key, value]) => (
              <div key={key}>
                <dt>{key}: </dt>
                <dd>{typeof value === "string" ? value : JSON.stringify(value)}</dd>
              </div>
            ))}
          </dl>
        )}
      </div>
      {!text.isSuccess && (
        <Button
          variant="default"
          loading={text.isPending}
          title={t("notices.open_hint")}
          onClick={() => text.mutate()}
          data-testid="notice-open"
        >
          {t("notices.open")}
        </Button>
      )}
      {text.error && (
        <p className={classes.trouble} role="alert">
          {problemText(t, problemOf(text.error))}
        </p>
      )}
      {text.isSuccess && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
        <pre tabIndex={0}>
          {text.data === undefined ? t("notices.gone") : JSON.stringify(text.data, null, 2)}
        </pre>
      )}
    </article>
  );
}

type Key = `notices.${keyof typeof ptBR.notices}`;

const fieldOf = (t: TFunction, field: string): string =>
  t(`notices.field_${field}` as Key, { defaultValue: field });
