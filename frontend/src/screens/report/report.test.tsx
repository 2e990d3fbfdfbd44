import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { answered, show } from "@/testing/served";
import { Methods } from "./Methods";
import { Take } from "./Take";

const KINDS = [
  { name: "table", title: "Table", summary: "All exposures.", media: "text/csv", options: [] },
  {
    name: "pdf",
    title: "Summary as PDF",
    summary: "Pages.",
    media: "application/pdf",
    options: [],
  },
  { name: "report", title: "Report", summary: "A folder.", media: "application/zip", options: [] },
];

test("what is read elsewhere can be taken, and a report that does not get there is told", async () => {
  answered({
    "/sessions/s1/exports": KINDS,
    "/sessions/s1/published": { words: "not published to web:/live/ since 02:10", failing: true },
  });
  show(<Take session="s1" />);
  const report = await screen.findByRole("link", { name: "Report" });
  expect(report).toHaveAttribute("href", "/api/sessions/s1/exports/report");
  expect(screen.queryByRole("link", { name: "Table" })).toBeNull();
  expect(await screen.findByText(/not published to web/)).toBeInTheDocument();
  expect(await screen.findByRole("button", { name: "People and links" })).toBeInTheDocument();
});

test("a viewer sees no button for people and links", async () => {
  const me = { name: "vi", full_name: "", role: "viewer", login_required: true, csrf: "t" };
  answered({ "/me": me, "/sessions/s1/exports": KINDS, "/sessions/s1/published": null });
  show(<Take session="s1" />);
  await screen.findByRole("link", { name: "Report" });
  expect(screen.queryByRole("button", { name: "People and links" })).toBeNull();
});

test("the methods section is asked for when somebody wants it", async () => {
  answered({ "/sessions/s1/exports/methods": "20 movies were recorded." });
  show(<Methods session="s1" />);
  expect(fetch).not.toHaveBeenCalledWith("/api/sessions/s1/exports/methods", expect.anything());
  await userEvent.click(screen.getByRole("button", { name: "Write the methods section" }));
  await waitFor(() => expect(screen.getByText(/20 movies were recorded/)).toBeInTheDocument());
  expect(screen.getByRole("button", { name: "Copy" })).toBeInTheDocument();
});
