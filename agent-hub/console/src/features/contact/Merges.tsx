/** Records that turned out to be this person. A supervisor may part them again, or join another one. */
import { Button } from "@mantine/core";
import { IconUsersPlus } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { TFunction } from "i18next";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useSession } from "../../api/hooks";
import { keys } from "../../api/keys";
import { problemOf } from "../../api/problem";
import { type ContactView, type MergeView, supervises } from "../../api/types";
import { command } from "../../app/commands";
import { notice } from "../../ui/notice";
import { problemText } from "../../ui/problem";
import { useFormats } from "../../ui/time";
import { useNames } from "../conversation/names";
import classes from "./ContactPanel.module.css";

export function Merges({ contact, merges }: { contact: ContactView; merges: readonly MergeView[] }) {
  const { t } = useTranslation();
  const role = useSession()?.agent.role;
  const may = role !== undefined && supervises(role);
  if (merges.length === 0 && !may) return null;
  return (
    <section className={classes.merges}>
      {merges.length > 0 && (
        <>
          <h2>{t("contact.merges")}</h2>
          <ul>
            {merges.map((merge) => (
              <Merge key={merge.merge_id} contact={contact} merge={merge} may={may} />
            ))}
          </ul>
        </>
      )}
      {may && (
        <Button
          size="compact-xs"
          variant="default"
          leftSection={<IconUsersPlus size={14} aria-hidden="true" />}
          onClick={() => command("merge")}
          data-testid="merge-open"
        >
          {t("contact.merge")}
        </Button>
      )}
    </section>
  );
}

function Merge({ contact, merge, may }: { contact: ContactView; merge: MergeView; may: boolean }) {
  const { t } = useTranslation();
  const { short } = useFormats();
  const names = useNames(contact);
  const cache = useQueryClient();
  const [asked, setAsked] = useState(false);
  const split = useMutation({
    mutationFn: () => api.split(contact.id, merge.merge_id),
    onSuccess: () => {
      notice.done(t("contact.split_done"));
      void cache.invalidateQueries({ queryKey: keys.contact(contact.id) });
    },
    onError: (error) => notice.failed(problemText(t, problemOf(error))),
  });
  const why = merge.by ? names.agent(merge.by) : reasonOf(t, merge.reason);
  return (
    <li data-testid="merge">
      <span>
        {short(merge.at)} · {why}
      </span>
      <span className={classes.hint}>{t("contact.merge_cases", { count: merge.conversations })}</span>
      {may && (
        <Button
          size="compact-xs"
          variant={asked ? "filled" : "default"}
          loading={split.isPending}
          onClick={() => (asked ? split.mutate() : setAsked(true))}
          data-testid="merge-split"
        >
          {t(asked ? "contact.split_sure" : "contact.split")}
        </Button>
      )}
    </li>
  );
}

const REASONS = ["supervisor", "seen_together", "rotated"] as const;

function reasonOf(t: TFunction, reason: string): string {
  const known = REASONS.find((one) => one === reason);
  return known ? t(`contact.merge_reason_${known}`) : reason;
}
