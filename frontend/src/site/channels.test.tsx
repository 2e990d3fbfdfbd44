import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { answered, show } from "@/testing/served";
import { ChannelsPanel } from "./ChannelsPanel";

const ME = { name: "ada", full_name: "Ada", role: "admin", login_required: false, csrf: "t" };
const ROOM = {
  name: "room",
  kind: "webhook",
  place: "hooks.example.org",
  levels: ["critical"],
  sessions: ["*"],
  quiet: null,
};
const FORMS = {
  webhook: {
    properties: {
      url: { type: "string", writeOnly: true, description: "The address." },
      token: { type: "string", writeOnly: true },
      levels: {
        type: "array",
        items: { enum: ["notice", "warning", "critical"], type: "string" },
        default: ["warning", "critical"],
      },
    },
    required: ["url"],
  },
  email: { properties: { server: { type: "string" } }, required: ["server"] },
};
const ANSWERS = {
  "/me": ME,
  "/channels": [ROOM],
  "/settings": { revision: "r1", settings: [], files: [], problem: null },
  "/settings/forms": FORMS,
  "/channels/room": {
    name: "room",
    values: { kind: "webhook", levels: ["critical"] },
    secrets: { url: "here", token: "here" },
    locked: null,
  },
  "/channels/test": { delivered: true, words: "it took the message: 200" },
};

test("a channel is changed, and what is secret of it is kept unless it is given anew", async () => {
  const sent = answered(ANSWERS);
  show(<ChannelsPanel />);
  await userEvent.click(await screen.findByRole("button", { name: "Change room" }));
  const dialog = within(await screen.findByRole("dialog"));
  const token = await dialog.findByLabelText("Token");
  expect(token).toHaveValue("");
  expect(token).toHaveAttribute("placeholder", "set: stays as it is");
  // The address has to be there: it can be another one, and not be taken out.
  expect(dialog.getAllByRole("button", { name: "Take it out" })).toHaveLength(1);
  await userEvent.click(dialog.getByRole("button", { name: "Take it out" }));
  await userEvent.click(dialog.getByLabelText("notice"));
  await userEvent.click(dialog.getByRole("button", { name: "Try it" }));
  expect(await dialog.findByText("it took the message: 200")).toBeVisible();
  await userEvent.click(dialog.getByRole("button", { name: "Save" }));
  const channel = { kind: "webhook", levels: ["notice", "critical"], token: null };
  expect(sent.map(({ method, path, body }) => [method, path, body])).toEqual([
    ["POST", "/channels/test", { name: "room", channel }],
    ["PUT", "/channels/room", { channel, revision: "r1" }],
  ]);
});

test("another kind has its own form, and none of the other's secrets", async () => {
  answered(ANSWERS);
  show(<ChannelsPanel />);
  await userEvent.click(await screen.findByRole("button", { name: "Change room" }));
  const dialog = within(await screen.findByRole("dialog"));
  await userEvent.selectOptions(await dialog.findByLabelText("Kind"), "email");
  expect(dialog.getByLabelText("Server")).toBeVisible();
  expect(dialog.queryByLabelText("Token")).toBeNull();
});

test("who may not change channels sees them alone", async () => {
  answered({ ...ANSWERS, "/me": { ...ME, role: "operator" } });
  show(<ChannelsPanel />);
  expect(await screen.findByText("room")).toBeVisible();
  expect(screen.queryByRole("button")).toBeNull();
});
