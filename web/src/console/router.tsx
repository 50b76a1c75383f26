// Addresses to pages, made from the table in pages.ts.
import { ApiProblem, queries } from "@kit/api/client";
import { anew, isMissing } from "@kit/parts";
import { Empty, Lines, Problem } from "@kit/ui/feedback";
import { Page } from "@kit/ui/Page";
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { watchForEnd } from "./ended";
import { OPEN_PAGES, PAGES } from "./pages";
import { meQuery } from "./session";
import { Shell } from "./shell/Shell";

function NotFound() {
  const { t } = useTranslation();
  return (
    <Page title={t("shell.not_found")}>
      <Empty title={t("shell.not_found")}>{t("shell.not_found_text")}</Empty>
    </Page>
  );
}

// What broke a page. When its parts are gone, for the server has newer ones, these are loaded; not before, so
// that nobody loses what they type because the pointer passed a link.
function Broken({ error, reset }: { error: unknown; reset: () => void }) {
  const [leaving] = useState(() => isMissing(error) && anew());
  return leaving ? (
    <Lines />
  ) : (
    <Problem error={error} retry={isMissing(error) ? () => location.reload() : reset} />
  );
}

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound });

const framed = createRoute({
  getParentRoute: () => root,
  id: "framed",
  component: Shell,
  // Who is not signed in signs in first and comes back here.
  beforeLoad: async ({ location }) => {
    try {
      const me = await queries.ensureQueryData(meQuery);
      if (me.must_change_password) throw redirect({ to: "/set-up" as "/" });
      if (me.second_factor_required) throw redirect({ to: "/second-factor" as "/" });
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 401)
        throw redirect({ to: "/sign-in" as "/", search: { return_to: location.href } as never });
      throw error;
    }
  },
  pendingComponent: () => <Lines />,
  errorComponent: Broken,
});

const inside = PAGES.map((page) =>
  createRoute({
    getParentRoute: () => framed,
    path: page.path,
    component: lazyRouteComponent(page.load),
    pendingComponent: () => <Lines />,
    errorComponent: Broken,
  }),
);

const outside = OPEN_PAGES.map((page) =>
  createRoute({
    getParentRoute: () => root,
    path: page.path,
    component: lazyRouteComponent(page.load),
    errorComponent: Broken,
  }),
);

export const router = createRouter({
  routeTree: root.addChildren([framed.addChildren(inside), ...outside]),
  basepath: "/console",
  defaultPreload: "intent",
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
});

watchForEnd(() => {
  const { pathname, href } = router.state.location;
  if (OPEN_PAGES.some((page) => page.path === pathname)) return;
  // Who has not signed in yet was not signed out.
  if (!queries.getQueryData(meQuery.queryKey)) return;
  void router.navigate({ to: "/sign-in" as "/", search: { return_to: href, ended: "yes" } as never });
});
