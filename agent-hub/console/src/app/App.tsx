/** Providers, and the gate: nothing of the product shows without a session. */
import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useEffect } from "react";
import { LiveContext, useSessionState } from "../api/hooks";
import { type AgentView, answers } from "../api/types";
import { LoginPage } from "../features/login/LoginPage";
import { Splash } from "../features/login/Splash";
import { chooseAccountLocale } from "../i18n";
import { Announcer } from "../ui/announce";
import { router } from "./router";
import { resolver, theme } from "./theme";
import { useWorkplace } from "./workplace";

export function App() {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={resolver} defaultColorScheme="auto">
      <Notifications position="bottom-left" limit={3} />
      <Announcer />
      <Gate />
    </MantineProvider>
  );
}

function Gate() {
  const state = useSessionState();
  if (state.status === "starting") return <Splash unreachable={state.problem !== undefined} />;
  if (state.status === "out") return <LoginPage ended={state.ended} />;
  return <Inside agent={state.session.agent} key={state.session.agent.id} />;
}

function Inside({ agent }: { agent: AgentView }) {
  const workplace = useWorkplace(agent.id, answers(agent.role));
  useEffect(chooseAccountLocale, []);
  if (!workplace) return null;
  return (
    <QueryClientProvider client={workplace.cache}>
      <LiveContext value={workplace.live}>
        <RouterProvider router={router} />
      </LiveContext>
    </QueryClientProvider>
  );
}
