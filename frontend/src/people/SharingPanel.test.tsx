import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { answered, show } from "@/testing/served";
import { SharingPanel } from "./SharingPanel";

test("a server for this computer alone says so in the place of the form", async () => {
  answered({ "/sessions/s1/people": [], "/sessions/s1/shares": [] });
  show(<SharingPanel id="s1" />);
  expect(await screen.findByText(/answers this computer alone/)).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Make a link" })).toBeNull();
});

test("a server with accounts makes links", async () => {
  const me = { name: "ada", full_name: "", role: "admin", login_required: true, csrf: "t" };
  answered({ "/me": me, "/users": [], "/sessions/s1/people": [], "/sessions/s1/shares": [] });
  show(<SharingPanel id="s1" />);
  expect(await screen.findByRole("button", { name: "Make a link" })).toBeInTheDocument();
  expect(screen.queryByText(/answers this computer alone/)).toBeNull();
});
