/** Why no reply can be written, and the one button that changes it. */
import { Button } from "@mantine/core";
import {
  IconCircleCheck,
  IconClockOff,
  IconHandStop,
  IconHourglass,
  IconLock,
  IconRobotFace,
  IconTemplate,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useSession } from "../../api/hooks";
import type { ConversationView } from "../../api/types";
import classes from "./Composer.module.css";
import { useNames } from "./names";
import { type Lock, mayClaim } from "./owner";
import type { Claim } from "./useActions";

const ICONS = {
  bot: IconRobotFace,
  queue: IconHourglass,
  colleague: IconLock,
  closed: IconCircleCheck,
  window: IconClockOff,
} as const;

export interface LockBarProps {
  head: ConversationView;
  lock: Exclude<Lock, null>;
  claim: Claim;
  onTemplate: () => void;
}

export function LockBar({ head, lock, claim, onTemplate }: LockBarProps) {
  const { t } = useTranslation();
  const session = useSession();
  const names = useNames(head.contact);
  const Icon = ICONS[lock];
  const claimable = session !== null && mayClaim(head, session.agent);
  const words = {
    bot: t("composer.bot_acts"),
    queue: t("composer.queue_waits"),
    colleague: t("composer.colleague_acts", { name: names.agent(head.agent_id) }),
    closed: t("composer.closed_case"),
    window: t("composer.window_closed"),
  }[lock];
  return (
    <div className={classes.lock} data-testid="lock" data-lock={lock}>
      <Icon size={20} aria-hidden="true" />
      <div className={classes.lockWords}>
        <p>{words}</p>
        {lock === "colleague" && !claimable && (
          <p className={classes.lockMore}>{t("composer.colleague_only")}</p>
        )}
      </div>
      {lock === "window" && (
        <Button
          size="sm"
          leftSection={<IconTemplate size={16} aria-hidden="true" />}
          onClick={onTemplate}
          data-testid="template-open"
        >
          {t("composer.template")}
        </Button>
      )}
      {claimable && (
        <Button
          size="sm"
          leftSection={<IconHandStop size={16} aria-hidden="true" />}
          loading={claim.isPending}
          onClick={() => claim.mutate()}
          data-testid="claim"
        >
          {t(lock === "queue" ? "composer.claim" : "composer.take_over")}
        </Button>
      )}
    </div>
  );
}
