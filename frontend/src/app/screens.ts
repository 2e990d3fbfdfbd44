import type { ComponentType } from "react";

/** The module of a screen: `src/screens/<name>/index.tsx`, which is loaded when it is opened. */
export interface ScreenModule {
  default: ComponentType;
}

export interface SessionScreen {
  /** Below the session's address; empty for the first one. */
  path: string;
  /** In the navigation. */
  title: string;
  /** Pressed after `g`, it opens the screen. */
  key: string;
  /** Whether it shows one branch, which the bar lets people choose. */
  ofBranch?: boolean;
  load: () => Promise<ScreenModule>;
}

/**
 * The screens of a session, as its navigation shows them. A screen that has addresses below its
 * own (one exposure) gets them through `useParams()["*"]`.
 */
export const SESSION_SCREENS: readonly SessionScreen[] = [
  { path: "", title: "Live", key: "l", ofBranch: true, load: () => import("@/screens/live") },
  {
    path: "exposures",
    title: "Exposures",
    key: "e",
    ofBranch: true,
    load: () => import("@/screens/exposures"),
  },
  {
    path: "classes",
    title: "Classes",
    key: "c",
    ofBranch: true,
    load: () => import("@/screens/classes"),
  },
  { path: "map", title: "Map", key: "m", ofBranch: true, load: () => import("@/screens/map") },
  {
    path: "workflow",
    title: "Workflow",
    key: "w",
    ofBranch: true,
    load: () => import("@/screens/workflow"),
  },
  { path: "branches", title: "Branches", key: "b", load: () => import("@/screens/branches") },
  { path: "alerts", title: "Alerts", key: "a", load: () => import("@/screens/alerts") },
  {
    path: "report",
    title: "Report",
    key: "r",
    ofBranch: true,
    load: () => import("@/screens/report"),
  },
  { path: "provenance", title: "Provenance", key: "p", load: () => import("@/screens/provenance") },
  { path: "files", title: "Files", key: "f", load: () => import("@/screens/files") },
];

export interface OtherScreen {
  path: string;
  load: () => Promise<ScreenModule>;
}

/** The screens beside those of a session. */
export const OTHER_SCREENS: readonly OtherScreen[] = [
  { path: "/", load: () => import("@/screens/sessions") },
  { path: "/new", load: () => import("@/screens/new") },
  { path: "/begin", load: () => import("@/screens/begin") },
  { path: "/facility", load: () => import("@/screens/facility") },
  { path: "/account", load: () => import("@/screens/account") },
  { path: "/admin/*", load: () => import("@/screens/admin") },
  { path: "/login", load: () => import("@/screens/login") },
];
