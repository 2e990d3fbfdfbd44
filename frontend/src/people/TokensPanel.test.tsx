import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { answered, show } from "@/testing/served";
import { TokensPanel } from "./TokensPanel";

const ME = { name: "ada", full_name: "Ada", role: "staff", login_required: true, csrf: "t" };
const TOKEN = {
  number: 1,
  account: "ada",
  title: "night script",
  scopes: ["viewer", "session/u1"],
  created: 1_790_000_000,
  expires: 1_800_000_000,
  used: null,
  revoked: null,
};
const ANSWERS = {
  "/me": ME,
  "/tokens": [TOKEN],
  "/sessions": [
    { id: "u1", name: "grid-1" },
    { id: "u1~2", name: "copy of it" },
    { id: "u2", name: "grid-2" },
  ],
};

test("a token is limited to sessions by their names", async () => {
  const sent = answered(ANSWERS);
  show(<TokensPanel />);
  expect(await screen.findByText("viewer of grid-1")).toBeVisible();
  await userEvent.click(screen.getByRole("button", { name: "New token" }));
  const dialog = within(await screen.findByRole("dialog"));
  await userEvent.type(dialog.getByLabelText(/What it is for/), "export");
  await userEvent.click(dialog.getByRole("combobox", { name: "Of which sessions" }));
  await userEvent.click(await screen.findByRole("option", { name: "grid-2", hidden: true }));
  await userEvent.click(dialog.getByRole("button", { name: "Make the token" }));
  expect(sent.map(({ path, body }) => [path, body])).toEqual([
    ["/tokens", { title: "export", scopes: ["viewer", "session/u2"], days: 90 }],
  ]);
});

test("who does not see every session is offered no token for figures", async () => {
  answered({ ...ANSWERS, "/me": { ...ME, role: "operator" } });
  show(<TokensPanel />);
  await userEvent.click(await screen.findByRole("button", { name: "New token" }));
  const dialog = within(await screen.findByRole("dialog"));
  await userEvent.click(dialog.getByRole("combobox", { name: "What it may do" }));
  const offered = await screen.findAllByRole("option", { hidden: true });
  expect(offered.map(({ textContent }) => textContent?.split(":")[0])).toEqual(
    expect.arrayContaining(["viewer", "operator"]),
  );
  expect(screen.queryByRole("option", { name: /^(metrics|staff)/, hidden: true })).toBeNull();
});

test("a token for figures is limited to no session", async () => {
  const sent = answered({ ...ANSWERS, "/tokens": [] });
  show(<TokensPanel />);
  await userEvent.click(await screen.findByRole("button", { name: "New token" }));
  const dialog = within(await screen.findByRole("dialog"));
  await userEvent.type(dialog.getByLabelText(/What it is for/), "monitoring");
  await userEvent.click(dialog.getByRole("combobox", { name: "What it may do" }));
  await userEvent.click(await screen.findByRole("option", { name: /^metrics/, hidden: true }));
  expect(dialog.queryByLabelText("Of which sessions")).toBeNull();
  await userEvent.click(dialog.getByRole("button", { name: "Make the token" }));
  expect(sent.map(({ body }) => body)).toEqual([
    { title: "monitoring", scopes: ["metrics"], days: 90 },
  ]);
});
