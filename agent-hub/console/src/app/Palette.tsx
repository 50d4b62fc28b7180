/** Ctrl/Cmd+K: conversations at hand, views, what may be done here, settings. */
import { useMantineColorScheme } from "@mantine/core";
import { Spotlight, type SpotlightActionGroupData, spotlight } from "@mantine/spotlight";
import "@mantine/spotlight/styles.css";
import { IconSearch } from "@tabler/icons-react";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useFloor, useListData, useSession, useThread } from "../api/hooks";
import { session as sessions } from "../api/session";
import { exportsAudit, supervises } from "../api/types";
import { mayClaim, mayHandle, ownerOf } from "../features/conversation/owner";
import { switchLocale } from "../features/presence/Preferences";
import { LOCALES } from "../i18n";
import { type Command, command, useCommand } from "./commands";
import classes from "./Palette.module.css";
import { PAGES, type Place, SCOPES, useGo } from "./router";

const LIMIT = 12;
export default function Palette({ place }: { place: Place }) {
  const { t } = useTranslation();
  const groups = [useConversations(place), useHere(place), useViews(), useOffice(), useSettings()];
  // It is read because somebody asked for it.
  useEffect(spotlight.open, []);
  useCommand("palette", spotlight.open);
  return (
    <Spotlight
      actions={groups.filter((group) => group.actions.length > 0)}
      shortcut="mod + K"
      highlightQuery
      scrollable
      maxHeight={420}
      overlayProps={{ backgroundOpacity: 0.45 }}
      classNames={{ actionsGroup: classes.group }}
      limit={LIMIT}
      nothingFound={t("palette.nothing")}
      searchProps={{
        leftSection: <IconSearch size={18} aria-hidden="true" />,
        placeholder: t("palette.placeholder"),
        "aria-label": t("palette.placeholder"),
      }}
      data-testid="palette"
    />
  );
}

function useConversations(place: Place): SpotlightActionGroupData {
  const { t } = useTranslation();
  const go = useGo();
  const rows = useListData(place.scope, place.team)?.rows ?? [];
  return {
    group: t("palette.conversations"),
    actions: rows.map((row) => ({
      id: row.id,
      label: row.contact.name ?? row.contact.phone_masked ?? t("contact.unnamed"),
      description: row.preview,
      keywords: [row.protocol ?? "", row.channel_name],
      onClick: () => go.toConversation(place, row.id),
    })),
  };
}

/** Only what may be done here now. */
function useHere(place: Place): SpotlightActionGroupData {
  const { t } = useTranslation();
  const session = useSession();
  const head = useThread(place.conversationId ?? "")?.head;
  const actions: { name: Command; label: string }[] = [];
  if (head && session) {
    if (mayClaim(head, session.agent)) actions.push({ name: "claim", label: t("action.claim") });
    if (mayHandle(head, session.agent)) {
      actions.push({ name: "transfer", label: t("action.transfer") });
      actions.push({ name: "resolve", label: t("action.resolve") });
    }
    if (ownerOf(head, session.agent.id) === "me")
      actions.push({ name: "release", label: t("action.release") });
    if (ownerOf(head, session.agent.id) === "me") {
      actions.push({ name: "attach", label: t("composer.attach") });
      actions.push({ name: "template", label: t("composer.template") });
    }
    if (supervises(session.agent.role)) actions.push({ name: "merge", label: t("contact.merge") });
    actions.push({ name: "note", label: t("shortcuts.note") });
    actions.push({ name: "toggle_contact", label: t("contact.panel") });
  }
  return {
    group: t("palette.actions"),
    actions: actions.map(({ name, label }) => ({ id: name, label, onClick: () => command(name) })),
  };
}

function useViews(): SpotlightActionGroupData {
  const { t } = useTranslation();
  const go = useGo();
  const { teams } = useFloor();
  return {
    group: t("palette.views"),
    actions: [
      ...SCOPES.map((scope) => ({
        id: `view ${scope}`,
        label: t(`nav.${scope}`),
        onClick: () => go.toView(scope),
      })),
      ...teams.map((team) => ({
        id: `team ${team.id}`,
        label: team.name,
        onClick: () => go.toView("queue", team.id),
      })),
    ],
  };
}

function useOffice(): SpotlightActionGroupData {
  const { t } = useTranslation();
  const session = useSession();
  const go = useGo();
  const may = session !== null && supervises(session.agent.role);
  return {
    group: t("palette.office"),
    actions: may
      ? PAGES.map((page) => ({ id: `page ${page}`, label: t(`nav.${page}`), onClick: () => go.toPage(page) }))
      : [],
  };
}

function useSettings(): SpotlightActionGroupData {
  const { t } = useTranslation();
  const session = useSession();
  const { setColorScheme } = useMantineColorScheme();
  const schemes = (["light", "dark", "auto"] as const).map((scheme) => ({
    id: `scheme ${scheme}`,
    label: `${t("prefs.scheme")}: ${t(`prefs.${scheme}`)}`,
    onClick: () => setColorScheme(scheme),
  }));
  const locales = LOCALES.map(({ tag, name }) => ({
    id: `locale ${tag}`,
    label: `${t("prefs.language")}: ${name}`,
    onClick: () => switchLocale(tag),
  }));
  const audit = {
    id: "export",
    label: t("audit.title"),
    onClick: () => command("export"),
  };
  return {
    group: t("palette.settings"),
    actions: [
      ...schemes,
      ...locales,
      ...(session && exportsAudit(session.agent.role) ? [audit] : []),
      { id: "help", label: t("nav.shortcuts"), onClick: () => command("help") },
      { id: "logout", label: t("session.logout"), onClick: () => void sessions.logout() },
    ],
  };
}
