/** Masked by default. Revealing asks the server, which records it; the clear value leaves the screen by itself. */
import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { problemOf } from "../../api/problem";
import type { ContactAnswer, ContactView, RevealAnswer } from "../../api/types";
import { Avatar } from "../../ui/Avatar";
import { notice } from "../../ui/notice";
import { readablePhone } from "../../ui/phone";
import { problemText } from "../../ui/problem";
import classes from "./ContactPanel.module.css";

const SHOWN_MS = 60_000;
const WORDS = ["phone", "bsuid", "parent_bsuid"] as const;
type Kind = (typeof WORDS)[number];

export function Identities(props: {
  contact: ContactView;
  identities: ContactAnswer["identities"];
  /** What others find them by on WhatsApp: public, shown as it is. */
  username: string | undefined;
}) {
  const { contact, identities, username } = props;
  const { t } = useTranslation();
  const reveal = useMutation({
    mutationFn: () => api.reveal(contact.id),
    gcTime: 0,
    onError: (error) => notice.failed(problemText(t, problemOf(error))),
  });
  const { data: clear, reset } = reveal;
  useEffect(() => {
    if (!clear) return;
    const timer = setTimeout(reset, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [clear, reset]);

  const masked = new Map(identities.map((one) => [one.kind, one.value_masked]));
  if (contact.phone_masked && !masked.has("phone")) masked.set("phone", contact.phone_masked);
  const name = contact.name ?? t("contact.unnamed");
  return (
    <section className={classes.who}>
      <div className={classes.name}>
        <Avatar id={contact.id} name={name} size={44} />
        <div>
          <h2>{name}</h2>
          {username && (
            <span className={classes.username} data-testid="username">
              @{username}
            </span>
          )}
        </div>
      </div>
      <dl className={classes.facts}>
        {WORDS.filter((kind) => masked.has(kind) || clearOf(clear, kind)).map((kind) => (
          <div key={kind} className={classes.fact}>
            <dt>{t(`contact.${kind}`)}</dt>
            <dd
              className={classes.identity}
              data-testid={`identity-${kind}`}
              data-value={clearOf(clear, kind) ?? undefined}
            >
              {readablePhone(clearOf(clear, kind) ?? masked.get(kind) ?? "")}
            </dd>
          </div>
        ))}
      </dl>
      <Button
        size="compact-xs"
        variant="default"
        loading={reveal.isPending}
        onClick={() => (clear ? reset() : reveal.mutate())}
        data-testid="reveal"
        aria-describedby="reveal-hint"
      >
        {t(clear ? "contact.hide_again" : "contact.reveal")}
      </Button>
      <p id="reveal-hint" className={classes.hint} role="status">
        {t(clear ? "contact.revealed" : "contact.reveal_hint")}
      </p>
    </section>
  );
}

const clearOf = (clear: RevealAnswer | undefined, kind: Kind): string | null | undefined =>
  kind === "parent_bsuid" ? undefined : clear?.[kind];
