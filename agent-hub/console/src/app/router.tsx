/** Where one is: a view, perhaps one team of it, perhaps one conversation. Ids only, never personal data. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Navigate,
  redirect,
  useLocation,
  useNavigate,
  useParams,
  useSearch,
} from "@tanstack/react-router";
import { session } from "../api/session";
import { type ListScope, supervises, type Uuid } from "../api/types";
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

/** The supervisors' pages. */
export const PAGES = ["numbers", "templates", "notices"] as const;
export type Page = (typeof PAGES)[number];

const supervisorOnly = () => {
  const state = session.get();
  if (state.status === "in" && !supervises(state.session.agent.role)) throw redirect({ to: "/" });
};

const numbersRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/numbers",
  beforeLoad: supervisorOnly,
  component: lazyRouteComponent(() => import("../features/office/NumbersPage")),
});

const templatesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/templates",
  beforeLoad: supervisorOnly,
  component: lazyRouteComponent(() => import("../features/office/TemplatesPage")),
});

const noticesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/notices",
  beforeLoad: supervisorOnly,
  component: lazyRouteComponent(() => import("../features/office/NoticesPage")),
});

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    homeRoute,
    inboxRoute.addChildren([conversationRoute]),
    numbersRoute,
    templatesRoute,
    noticesRoute,
  ]),
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

/** Which of the supervisors' pages one is on. */
export function useOnPage(): Page | undefined {
  const { pathname } = useLocation();
  return PAGES.find((page) => pathname === `/${page}`);
}

export function useGo() {
  const navigate = useNavigate();
  return {
    toView: (scope: ListScope, team?: Uuid) =>
      void navigate({ to: "/inbox/$scope", params: { scope }, search: team ? { team } : {} }),
    toPage: (page: Page) => void navigate({ to: `/${page}` }),
    toConversation: (place: Pick<Place, "scope" | "team">, conversationId: Uuid) =>
      void navigate({
        to: "/inbox/$scope/$conversationId",
        params: { scope: place.scope, conversationId },
        search: place.team ? { team: place.team } : {},
      }),
  };
}
