/** The customer's other cases, newest first. */
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { ConversationView } from "../../api/types";
import { usePlace } from "../../app/router";
import { useFormats } from "../../ui/time";
import { OwnerChip } from "../conversation/OwnerChip";
import { reasonText } from "../conversation/reasons";
import classes from "./ContactPanel.module.css";

export function PastCases({ cases }: { cases: ConversationView[] }) {
  const { t } = useTranslation();
  const place = usePlace();
  const { short } = useFormats();
  return (
    <section className={classes.past}>
      <h2>{t("contact.past")}</h2>
      {cases.length === 0 && <p className={classes.hint}>{t("contact.past_none")}</p>}
      <ul>
        {cases.map((one) => (
          <li key={one.id}>
            <Link
              to="/inbox/$scope/$conversationId"
              params={{ scope: place.scope, conversationId: one.id }}
              search={place.team ? { team: place.team } : {}}
              data-testid="past-case"
            >
              <span>
                <time>{short(one.opened_at)}</time>
                <OwnerChip head={one} />
              </span>
              <span className={classes.pastWords}>
                {one.closed_reason ? reasonText(t, one.closed_reason) : one.preview}
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
