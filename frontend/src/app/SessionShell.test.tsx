import { render, screen } from "@testing-library/react";
import { createMemoryRouter, Outlet, RouterProvider } from "react-router";
import { expect, test } from "vitest";
import { answered } from "@/testing/served";
import { Providers } from "./Providers";
import { SessionTabs } from "./SessionNavigation";
import { SessionShell } from "./SessionShell";

/** The tabs of a session over its screens, as the bar has them. */
function open(address: string) {
  answered({ "/sessions": [{ id: "s1", name: "one", problem: null }] });
  const children = [
    { path: "", element: <p>live</p> },
    { path: "files/*", element: <p>files</p> },
  ];
  const bar = (
    <>
      <SessionTabs />
      <Outlet />
    </>
  );
  const session = { path: "/s/:id", element: <SessionShell />, children };
  const routes = [{ element: bar, children: [session] }];
  const router = createMemoryRouter(routes, { initialEntries: [address] });
  render(
    <Providers>
      <RouterProvider router={router} />
    </Providers>,
  );
  return router;
}

test("a slash at the end of an address leads to the same screen, and its tab is marked", async () => {
  const router = open("/s/s1/?branch=fine");
  expect(await screen.findByText("live")).toBeInTheDocument();
  expect(screen.getByRole("link", { current: "page" })).toHaveTextContent("Live");
  expect(router.state.location).toMatchObject({ pathname: "/s/s1", search: "?branch=fine" });
});

test("a screen below has its own tab", async () => {
  open("/s/s1/files/pool/");
  expect(await screen.findByText("files")).toBeInTheDocument();
  expect(screen.getByRole("link", { current: "page" })).toHaveTextContent("Files");
});
