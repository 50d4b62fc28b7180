/** Oneself: presence, language, appearance, help, the way out. In a narrow window they fold behind the initials. */
import { ActionIcon, Popover, Tooltip, UnstyledButton } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconKeyboard, IconLogout, IconShieldCheck } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../../api/hooks";
import { session as sessions } from "../../api/session";
import { exportsAudit } from "../../api/types";
import { command } from "../../app/commands";
import { Avatar } from "../../ui/Avatar";
import { Preferences } from "../presence/Preferences";
import { PresenceSwitch } from "../presence/PresenceSwitch";
import classes from "./Nav.module.css";

const NARROW = "(max-width: 1180px)";

export function Self() {
  const { t } = useTranslation();
  const agent = useSession()?.agent;
  const narrow = useMediaQuery(NARROW, undefined, { getInitialValueInEffect: false });
  if (!agent) return null;
  const switches = (
    <div className={classes.wide}>
      <PresenceSwitch />
      <Preferences />
    </div>
  );
  const avatar = <Avatar id={agent.id} name={agent.name} size={30} />;
  return (
    <div className={classes.self}>
      {!narrow && switches}
      <div className={classes.me}>
        {narrow ? (
          <Popover position="right-end" withArrow shadow="md" width={232} trapFocus>
            <Popover.Target>
              <UnstyledButton
                className={classes.fold}
                aria-label={t("session.signed_in_as", { name: agent.name })}
                data-testid="self"
              >
                {avatar}
              </UnstyledButton>
            </Popover.Target>
            <Popover.Dropdown>{switches}</Popover.Dropdown>
          </Popover>
        ) : (
          avatar
        )}
        <span className={classes.who}>
          <span className={classes.agent} data-testid="me">
            {agent.name}
          </span>
          <span className={classes.role}>{t(`role.${agent.role}`)}</span>
        </span>
        {exportsAudit(agent.role) && (
          <Act word={t("audit.title")} testId="export" onClick={() => command("export")}>
            <IconShieldCheck size={18} aria-hidden="true" />
          </Act>
        )}
        <Act word={t("nav.shortcuts")} testId="help" onClick={() => command("help")}>
          <IconKeyboard size={18} aria-hidden="true" />
        </Act>
        <Act word={t("session.logout")} testId="logout" onClick={() => void sessions.logout()}>
          <IconLogout size={18} aria-hidden="true" />
        </Act>
      </div>
    </div>
  );
}

function Act(props: { word: string; testId: string; onClick: () => void; children: ReactNode }) {
  return (
    <Tooltip label={props.word}>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={props.word}
        data-testid={props.testId}
        onClick={props.onClick}
      >
        {props.children}
      </ActionIcon>
    </Tooltip>
  );
}
