import { fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import type { ShownDuty } from "@/api/types";
import { answered, show } from "@/testing/served";
import { Checked } from "./Checked";
import { Duties, worstFirst } from "./Duties";
import { PlacedSessions } from "./PlacedSessions";
import { Timeline } from "./Timeline";

const NOW = Date.now() / 1000;
const WELL: ShownDuty = {
  name: "sessions",
  what: "follows sessions",
  every: 10,
  began: NOW,
  ended: NOW,
  said: "1 running",
  failing_since: null,
  problem: "",
  standing: "well",
  trouble: "",
};
const FAILS: ShownDuty = {
  ...WELL,
  name: "bookings",
  failing_since: NOW - 3600,
  problem: "it is down",
  standing: "fails",
  trouble: "fails since 60 min (9 times): it is down",
};

test("duties that fail come first, each with how it goes", async () => {
  const never = { ...WELL, name: "projects", standing: "undone", trouble: "no process does it" };
  const stuck = { ...WELL, name: "backup", standing: "late", trouble: "it has not come" };
  const follows = { ...WELL, name: "sink.lims", every: 0.05 };
  answered({ "/facility/duties": [WELL, never, stuck, FAILS, follows] });
  show(<Duties />);
  expect(await screen.findByText("it is down")).toBeInTheDocument();
  expect(screen.getByText(/^Fails for 60/)).toBeInTheDocument();
  expect(screen.getByText("Nobody does it")).toBeInTheDocument();
  expect(screen.getByText("no process does it")).toBeInTheDocument();
  expect(screen.getByText("it has not come")).toBeInTheDocument();
  expect(screen.getByText("All the time")).toBeInTheDocument();
  expect(screen.getAllByText(/^Every 10/)).toHaveLength(1);
  expect(worstFirst([WELL, FAILS]).map((one) => one.name)).toEqual(["bookings", "sessions"]);
});

const PLACED = {
  key: "k1",
  name: "p-001",
  id: "u1",
  state: "failed",
  reason: "its disk is full",
  microscope: "krios1",
  project: "cem1",
  operator: "lea",
  began: NOW,
  exposures: null,
  confidential: true,
};
const pageOf = (...rows: unknown[]) => ({ matching: rows.length, offset: 0, rows });

test("a session that this server shows has a link", async () => {
  const other = { ...PLACED, key: "k2", name: "p-002", id: null };
  answered({ "/facility/sessions": pageOf(PLACED, other) });
  show(<PlacedSessions microscopes={[]} />);
  expect((await screen.findByText("p-001")).getAttribute("href")).toBe("/s/u1");
  expect(screen.getByText("p-002").tagName).toBe("SPAN");
  expect(screen.getAllByText("its disk is full")).toHaveLength(2);
});

test("a session that runs is ended with a reason, and others have no button", async () => {
  const runs = { ...PLACED, key: "k 2", name: "p-002", state: "running", reason: "" };
  const sent = answered({
    "/facility/sessions": pageOf(PLACED, runs),
    "/facility/sessions/k%202/end": runs,
  });
  show(<PlacedSessions microscopes={[]} />);
  fireEvent.click(await screen.findByRole("button", { name: "End p-002" }));
  expect(screen.queryByRole("button", { name: "End p-001" })).toBeNull();
  fireEvent.change(await screen.findByLabelText("Reason"), { target: { value: "grid is empty" } });
  fireEvent.click(screen.getByRole("button", { name: "End the session" }));
  expect(await screen.findByText("finishes what it has begun")).toBeInTheDocument();
  const path = "/facility/sessions/k%202/end";
  expect(sent).toEqual([{ method: "POST", path, body: { why: "grid is empty" } }]);
});

test("a session that could not be ended says why, and can be asked again", async () => {
  answered({ "/facility/sessions": pageOf({ ...PLACED, state: "running" }) });
  show(<PlacedSessions microscopes={[]} />);
  fireEvent.click(await screen.findByRole("button", { name: "End p-001" }));
  fireEvent.click(await screen.findByRole("button", { name: "End the session" }));
  expect(await screen.findByText(/there is no .*k1.end/)).toBeInTheDocument();
  expect(screen.getByRole("button", { name: "End the session" })).toBeEnabled();
});

test("more sessions than fit a page say how many there are, and lead on", async () => {
  answered({
    "/facility/sessions": { matching: 712, offset: 50, rows: [PLACED, { ...PLACED, key: "k2" }] },
  });
  show(<PlacedSessions microscopes={[]} />);
  expect(await screen.findByText("51 to 52 of 712")).toBeInTheDocument();
  fireEvent.change(screen.getByLabelText("Search"), { target: { value: " lea " } });
  fireEvent.click(await screen.findByRole("button", { name: "Older" }));
  const asked = () => vi.mocked(fetch).mock.calls.map(([url]) => String(url));
  await waitFor(() => expect(asked().at(-1)).toContain("offset=52&limit=50"));
  expect(asked().at(-1)).toContain("text=lea");
});

test("a search that finds nothing is taken back", async () => {
  answered({ "/facility/sessions": pageOf() });
  show(<PlacedSessions microscopes={[]} />);
  expect(await screen.findByText("No session")).toBeInTheDocument();
  fireEvent.change(screen.getByLabelText("Search"), { target: { value: "x" } });
  fireEvent.click(await screen.findByRole("button", { name: "Show all" }));
  expect(screen.getByLabelText("Search")).toHaveValue("");
});

test("bookings lie in the lane of their microscope", async () => {
  const offer = { source: "csv", time_zone: "Europe/Madrid" };
  const microscopes = ["krios1", "glacios"].map((name) => ({ name, title: name, offer }));
  const booking = {
    id: 1,
    microscope: "glacios",
    begins: NOW - 3600,
    ends: NOW + 86_400,
    title: "Capsids",
    name: "Lea",
    project: "cem1",
    kind: "booked",
    state: "pending",
  };
  answered({ "/facility/bookings": [booking] });
  show(<Timeline microscopes={microscopes as never} />);
  const found = await screen.findByText(/^Lea, cem1 · Capsids, .*, waits for approval$/);
  expect(found.closest("ul")).toHaveAttribute("aria-label", "Bookings of glacios");
});

test("what is wrong with the file is listed, with where it stands", async () => {
  const flaws = [{ where: "facility.staff", what: "nobody is told", stops: false }];
  answered({ "/facility/check": { path: "/etc/icestream/facility.toml", flaws } });
  show(<Checked />);
  expect(await screen.findByText("facility.staff")).toBeInTheDocument();
  expect(screen.getByText("/etc/icestream/facility.toml")).toBeInTheDocument();
});
