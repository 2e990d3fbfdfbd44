import { createBrowserRouter, type RouteObject } from "react-router";
import { Lost, ScreenError } from "./ScreenError";
import { OTHER_SCREENS, SESSION_SCREENS, type ScreenModule } from "./screens";
import { SessionShell } from "./SessionShell";
import { Shell } from "./Shell";

function lazy(load: () => Promise<ScreenModule>) {
  return async () => ({ Component: (await load()).default });
}

const session: RouteObject = {
  path: "/s/:id",
  Component: SessionShell,
  children: SESSION_SCREENS.map(({ path, load }) => ({
    path: path === "" ? "" : `${path}/*`,
    lazy: lazy(load),
    ErrorBoundary: ScreenError,
  })),
};

/** All addresses of the application. */
export const routes: RouteObject[] = [
  {
    Component: Shell,
    ErrorBoundary: ScreenError,
    HydrateFallback: () => null,
    children: [
      ...OTHER_SCREENS.map(({ path, load }) => ({
        path,
        lazy: lazy(load),
        ErrorBoundary: ScreenError,
      })),
      session,
      { path: "*", Component: Lost },
    ],
  },
];

export const router = createBrowserRouter(routes);
