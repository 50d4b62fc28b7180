/** The head of a thread: who, who acts, until when, and what may be done. */
import { ActionIcon, Button, Tooltip } from "@mantine/core";
import {
  IconArrowsExchange,
  IconChevronLeft,
  IconCircleCheck,
  IconCornerUpLeft,
  IconLayoutSidebarRight,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useSession } from "../../api/hooks";
import type { ConversationView } from "../../api/types";
import { command } from "../../app/commands";
import { Avatar } from "../../ui/Avatar";
import classes from "./Head.module.css";
import { OwnerChip } from "./OwnerChip";
import { mayHandle, ownerOf } from "./owner";

export function Head({ head, panel }: { head: ConversationView; panel: boolean }) {
  const { t } = useTranslation();
  const session = useSession();
  if (!session) return null;
  const { agent } = session;
  const name = head.contact.erased
    ? t("contact.erased")
    : (head.contact.name ?? head.contact.phone_masked ?? t("contact.unnamed"));
  const owner = ownerOf(head, agent.id);
  const handles = mayHandle(head, agent);
  return (
    <header className={classes.head}>
      <ActionIcon
        className={classes.back}
        variant="subtle"
        color="gray"
        aria-label={t("common.close")}
        onClick={() => command("close_conversation")}
      >
        <IconChevronLeft size={18} aria-hidden="true" />
      </ActionIcon>
      <Avatar id={head.contact.id} name={name} size={34} />
      <div className={classes.who}>
        <h1>{name}</h1>
        <div className={classes.chips}>
          <OwnerChip head={head} />
          {head.protocol && (
            <span className={classes.protocol} data-testid="protocol" title={t("contact.protocol")}>
              <span className="visually-hidden">{t("contact.protocol")}</span> {head.protocol}
            </span>
          )}
        </div>
      </div>
      <div className={classes.actions}>
        {owner === "me" && (
          <Tooltip label={t("action.release")}>
            <ActionIcon
              variant="default"
              size={30}
              aria-label={t("action.release")}
              data-testid="release"
              onClick={() => command("release")}
            >
              <IconCornerUpLeft size={16} aria-hidden="true" />
            </ActionIcon>
          </Tooltip>
        )}
        {handles && (
          <>
            <Button
              variant="default"
              leftSection={<IconArrowsExchange size={15} aria-hidden="true" />}
              data-testid="transfer"
              onClick={() => command("transfer")}
            >
              {t("action.transfer")}
            </Button>
            <Button
              variant="default"
              leftSection={<IconCircleCheck size={15} aria-hidden="true" />}
              data-testid="resolve"
              onClick={() => command("resolve")}
            >
              {t("action.resolve")}
            </Button>
          </>
        )}
        <Tooltip label={t(panel ? "contact.hide" : "contact.show")}>
          <ActionIcon
            variant={panel ? "light" : "default"}
            size={30}
            aria-label={t(panel ? "contact.hide" : "contact.show")}
            aria-pressed={panel}
            data-testid="contact-toggle"
            onClick={() => command("toggle_contact")}
          >
            <IconLayoutSidebarRight size={16} aria-hidden="true" />
          </ActionIcon>
        </Tooltip>
      </div>
    </header>
  );
}
