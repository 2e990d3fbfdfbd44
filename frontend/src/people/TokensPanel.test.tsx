import { fireEvent, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
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

/** The form of a new token, with what it is for. */
async function form(title: string) {
  show(<TokensPanel />);
  // By words and not by roles: to work out the roles of all that there is takes seconds.
  fireEvent.click(await screen.findByText("New token"));
  const dialog = within(await screen.findByRole("dialog"));
  fireEvent.change(dialog.getByLabelText(/What it is for/), { target: { value: title } });
  return dialog;
}

test("a token is limited to sessions by their names", async () => {
  const sent = answered(ANSWERS);
  const dialog = await form("export");
  expect(screen.getByText("viewer of grid-1")).toBeVisible();
  await userEvent.click(dialog.getByLabelText("Of which sessions"));
  expect(screen.queryByText("copy of it")).toBeNull();
  fireEvent.click(await screen.findByText("grid-2"));
  fireEvent.click(dialog.getByText("Make the token"));
  await vi.waitFor(() =>
    expect(sent.map(({ path, body }) => [path, body])).toEqual([
      ["/tokens", { title: "export", scopes: ["viewer", "session/u2"], days: 90 }],
    ]),
  );
});

test("who does not see every session is offered no token for figures", async () => {
  answered({ ...ANSWERS, "/me": { ...ME, role: "operator" } });
  const dialog = await form("monitoring");
  await userEvent.click(dialog.getByLabelText("What it may do"));
  expect(await screen.findByText(/^operator:/)).toBeInTheDocument();
  expect(screen.queryByText(/^(metrics|staff):/)).toBeNull();
});

test("a token for figures is limited to no session", async () => {
  const sent = answered({ ...ANSWERS, "/tokens": [] });
  const dialog = await form("monitoring");
  await userEvent.click(dialog.getByLabelText("What it may do"));
  fireEvent.click(await screen.findByText(/^metrics:/));
  expect(dialog.queryByText("Of which sessions")).toBeNull();
  fireEvent.click(dialog.getByText("Make the token"));
  await vi.waitFor(() =>
    expect(sent.map(({ body }) => body)).toEqual([
      { title: "monitoring", scopes: ["metrics"], days: 90 },
    ]),
  );
});
