/** The left pane: whose conversations, which team's queue, and oneself. */
import { Button } from "@mantine/core";
import {
  IconBell,
  IconCircleCheck,
  IconHeadset,
  IconHourglass,
  IconInbox,
  IconPhone,
  IconRobotFace,
  IconSearch,
  IconTemplate,
  IconUser,
  IconUsers,
} from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useFloor, useList, useSession } from "../../api/hooks";
import { type ListScope, supervises, type TeamView } from "../../api/types";
import { command } from "../../app/commands";
import { PAGES, type Page, SCOPES, useOnPage, usePlace } from "../../app/router";
import { Logo } from "../../ui/Logo";
import { ConnectionChip } from "../presence/ConnectionChip";
import classes from "./Nav.module.css";
import { Self } from "./Self";
import { WaitTimer } from "./WaitTimer";

const ICONS: Record<ListScope, ReactNode> = {
  mine: <IconUser size={17} aria-hidden="true" />,
  queue: <IconHourglass size={17} aria-hidden="true" />,
  automation: <IconRobotFace size={17} aria-hidden="true" />,
  attending: <IconHeadset size={17} aria-hidden="true" />,
  all: <IconInbox size={17} aria-hidden="true" />,
  closed: <IconCircleCheck size={17} aria-hidden="true" />,
};

const PAGE_ICONS: Record<Page, ReactNode> = {
  numbers: <IconPhone size={17} aria-hidden="true" />,
  templates: <IconTemplate size={17} aria-hidden="true" />,
  notices: <IconBell size={17} aria-hidden="true" />,
};

export function Nav() {
  const { t } = useTranslation();
  const place = usePlace();
  const page = useOnPage();
  const role = useSession()?.agent.role;
  const { teams } = useFloor();
  const mine = useList("mine");
  const counts: Partial<Record<ListScope, number>> = {
    mine: mine?.total ?? 0,
    queue: teams.reduce((sum, team) => sum + team.waiting, 0),
  };
  return (
    <nav className={classes.nav} aria-label={t("nav.label")}>
      <div className={classes.brand}>
        <Logo />
        <span className={classes.name}>{t("app.name")}</span>
        <ConnectionChip />
      </div>
      <Button
        className={classes.search}
        variant="default"
        justify="flex-start"
        leftSection={<IconSearch size={15} aria-hidden="true" />}
        classNames={{ section: classes.section, inner: classes.inner }}
        rightSection={<kbd className={classes.kbd}>Ctrl K</kbd>}
        aria-label={t("nav.palette")}
        onClick={() => command("palette")}
      >
        <span className={classes.words}>{t("nav.palette")}</span>
      </Button>
      <div className={classes.scroll}>
        <ul className={classes.group} aria-label={t("nav.views")}>
          {SCOPES.map((scope) => (
            <li key={scope}>
              <Link
                to="/inbox/$scope"
                params={{ scope }}
                search={{}}
                className={classes.entry}
                aria-current={!page && place.scope === scope && !place.team ? "page" : undefined}
                data-testid={`view-${scope}`}
                title={t(`nav.${scope}`)}
              >
                {ICONS[scope]}
                <span className={classes.words}>{t(`nav.${scope}`)}</span>
                {counts[scope] ? <span className={classes.count}>{counts[scope]}</span> : null}
              </Link>
            </li>
          ))}
        </ul>
        {teams.length > 0 && (
          <>
            <h2 className={classes.heading}>{t("nav.teams")}</h2>
            <ul className={classes.group} aria-label={t("nav.teams")}>
              {teams.map((team) => (
                <TeamEntry key={team.id} team={team} here={place.team === team.id} />
              ))}
            </ul>
          </>
        )}
        {role && supervises(role) && (
          <>
            <h2 className={classes.heading}>{t("nav.office")}</h2>
            <ul className={classes.group} aria-label={t("nav.office")}>
              {PAGES.map((one) => (
                <li key={one}>
                  <Link
                    to={`/${one}`}
                    className={classes.entry}
                    aria-current={page === one ? "page" : undefined}
                    data-testid={`page-${one}`}
                    title={t(`nav.${one}`)}
                  >
                    {PAGE_ICONS[one]}
                    <span className={classes.words}>{t(`nav.${one}`)}</span>
                  </Link>
                </li>
              ))}
            </ul>
          </>
        )}
      </div>
      <Self />
    </nav>
  );
}

function TeamEntry({ team, here }: { team: TeamView; here: boolean }) {
  const { t } = useTranslation();
  return (
    <li>
      <Link
        to="/inbox/$scope"
        params={{ scope: "queue" }}
        search={{ team: team.id }}
        className={classes.entry}
        aria-current={here ? "page" : undefined}
        data-testid="team"
        data-team-id={team.id}
        title={team.name}
      >
        <IconUsers size={17} aria-hidden="true" />
        <span className={classes.words}>{team.name}</span>
        {team.oldest_waiting_since && (
          <span className={classes.wait}>
            <WaitTimer since={team.oldest_waiting_since} bare />
          </span>
        )}
        {team.waiting > 0 && (
          <span className={classes.count}>
            <span aria-hidden="true">{team.waiting}</span>
            <span className="visually-hidden">{t("nav.waiting_count", { count: team.waiting })}</span>
          </span>
        )}
      </Link>
    </li>
  );
}
