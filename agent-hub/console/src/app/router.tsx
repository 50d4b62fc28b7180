/** Where one is: a view, perhaps one team of it, perhaps one conversation. Ids only, never personal data. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  Navigate,
  useNavigate,
  useParams,
  useSearch,
} from "@tanstack/react-router";
import type { ListScope, Uuid } from "../api/types";
import { Layout } from "./Layout";

export const SCOPES: readonly ListScope[] = ["mine", "queue", "automation", "attending", "all", "closed"];

const isScope = (text: string | undefined): text is ListScope => SCOPES.some((one) => one === text);

interface PlaceSearch {
  team?: string | undefined;
}

const rootRoute = createRootRoute({ notFoundComponent: Home });

const homeRoute = createRoute({ getParentRoute: () => rootRoute, path: "/", component: Home });

const inboxRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/inbox/$scope",
  validateSearch: (search: Record<string, unknown>): PlaceSearch =>
    typeof search.team === "string" ? { team: search.team } : {},
  component: Layout,
});

const conversationRoute = createRoute({
  getParentRoute: () => inboxRoute,
  path: "$conversationId",
  component: () => null,
});

export const router = createRouter({
  routeTree: rootRoute.addChildren([homeRoute, inboxRoute.addChildren([conversationRoute])]),
  defaultPreload: false,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

function Home() {
  return <Navigate to="/inbox/$scope" params={{ scope: "queue" }} replace />;
}

export interface Place {
  scope: ListScope;
  team: Uuid | undefined;
  conversationId: Uuid | undefined;
}

export function usePlace(): Place {
  const params = useParams({ strict: false });
  const search: PlaceSearch = useSearch({ strict: false });
  return {
    scope: isScope(params.scope) ? params.scope : "queue",
    team: search.team,
    conversationId: params.conversationId,
  };
}

export function useGo() {
  const navigate = useNavigate();
  return {
    toView: (scope: ListScope, team?: Uuid) =>
      void navigate({ to: "/inbox/$scope", params: { scope }, search: team ? { team } : {} }),
    toConversation: (place: Pick<Place, "scope" | "team">, conversationId: Uuid) =>
      void navigate({
        to: "/inbox/$scope/$conversationId",
        params: { scope: place.scope, conversationId },
        search: place.team ? { team: place.team } : {},
      }),
  };
}
