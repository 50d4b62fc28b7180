/** How each number of the company does, in plain words. */
import { Skeleton } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { TFunction } from "i18next";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "../../api/keys";
import { office } from "../../api/office";
import { problemOf } from "../../api/problem";
import type { ChannelHealth, ChannelState, ChannelView, Grade } from "../../api/types";
import type ptBR from "../../i18n/pt-BR.json";
import { Chip, type Tone } from "../../ui/Chip";
import { readablePhone } from "../../ui/phone";
import { problemText } from "../../ui/problem";
import { useFormats } from "../../ui/time";
import { StatusChip } from "../template/TemplateChips";
import { Office } from "./Office";
import classes from "./Office.module.css";

const AGAIN_MS = 30_000;

export default function NumbersPage() {
  const { t } = useTranslation();
  const { data, error } = useQuery({
    queryKey: keys.channels,
    queryFn: office.channels,
    refetchInterval: AGAIN_MS,
  });
  return (
    <Office title={t("nav.numbers")} explain={t("numbers.explain")}>
      {error && <p role="alert">{problemText(t, problemOf(error))}</p>}
      {!data && !error && <Skeleton height={180} radius="lg" />}
      <div className={classes.cards}>
        {data?.map((channel) => (
          <Channel key={channel.id} channel={channel} />
        ))}
      </div>
    </Office>
  );
}

const TONES: Record<ChannelState, Tone> = {
  ok: "green",
  warning: "amber",
  failing: "red",
  stopped: "red",
  disabled: "plain",
  unknown: "plain",
};

function Channel({ channel }: { channel: ChannelView }) {
  const { t } = useTranslation();
  return (
    <section className={classes.card} data-testid="number" data-state={channel.state}>
      <div className={classes.cardHead}>
        <h2>{channel.name}</h2>
        {channel.phone && <span className={classes.faint}>{readablePhone(channel.phone)}</span>}
        <span className={classes.grow} />
        <Chip tone={TONES[channel.state]}>{t(`numbers.state_${channel.state}`)}</Chip>
      </div>
      {channel.health && <Health health={channel.health} />}
    </section>
  );
}

const ICONS: Record<Grade, ReactNode> = {
  ok: <IconCircleCheck size={17} aria-hidden="true" />,
  warn: <IconAlertTriangle size={17} aria-hidden="true" />,
  fail: <IconCircleX size={17} aria-hidden="true" />,
};

function Health({ health }: { health: ChannelHealth }) {
  const { t } = useTranslation();
  const { short } = useFormats();
  const { facts, stopped } = health;
  return (
    <>
      {stopped && (
        <p className={classes.trouble} role="status">
          {stopped.until ? t("numbers.stopped_until", { at: short(stopped.until) }) : t("numbers.stopped")}
        </p>
      )}
      <dl className={classes.facts}>
        {facts.quality && <Fact word={t("numbers.quality")}>{qualityOf(t, facts.quality)}</Fact>}
        {facts.messaging_limit && <Fact word={t("numbers.limit")}>{limitOf(t, facts.messaging_limit)}</Fact>}
        <Fact word={t("numbers.throughput")}>
          {t("numbers.per_second", { count: health.throughput_per_second })}
        </Fact>
        {facts.verified_name && <Fact word={t("numbers.shown_name")}>{facts.verified_name}</Fact>}
        {facts.token_expires_at && <Fact word={t("numbers.token")}>{short(facts.token_expires_at)}</Fact>}
      </dl>
      {health.waiting > 0 && <p>{t("numbers.waiting", { count: health.waiting })}</p>}
      {health.findings.length > 0 && (
        <>
          <h3 className={classes.sub}>
            {t("numbers.findings")}{" "}
            {health.checked_at && (
              <span className={classes.faint}>{t("numbers.checked", { at: short(health.checked_at) })}</span>
            )}
          </h3>
          <ul className={classes.findings}>
            {health.findings.map((finding) => (
              <li key={finding.check} data-grade={finding.grade}>
                {ICONS[finding.grade]}
                <span>
                  <span className="visually-hidden">{t(`numbers.grade_${finding.grade}`)}: </span>
                  {finding.says}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      {health.templates.length > 0 && (
        <>
          <h3 className={classes.sub}>{t("numbers.paused")}</h3>
          <ul className={classes.findings}>
            {health.templates.map((one) => (
              <li key={`${one.name} ${one.language}`}>
                <span>
                  {one.name} ({one.language})
                </span>
                <StatusChip status={one.status} />
                {one.reason && <span className={classes.faint}>{one.reason}</span>}
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function Fact({ word, children }: { word: string; children: ReactNode }) {
  return (
    <div>
      <dt>{word}</dt>
      <dd>{children}</dd>
    </div>
  );
}

type Key = `numbers.${keyof typeof ptBR.numbers}`;

const qualityOf = (t: TFunction, word: string): string =>
  t(`numbers.quality_${word.toUpperCase()}` as Key, { defaultValue: word });

/** `TIER_1K` is 1K; without a limit it is said so. */
const limitOf = (t: TFunction, word: string): string => {
  const tier = word.replace(/^TIER_/, "");
  return tier === "UNLIMITED" ? t("numbers.limit_UNLIMITED") : tier;
};
