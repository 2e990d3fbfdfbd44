import { fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import type { FacilityMicroscope, OfferedBooking, ShownBooking } from "@/api/types";
import { answered, show } from "@/testing/served";
import { asked, lacking, moviesOf, NOTHING, whoseOf } from "./asked";
import { Begun } from "./Begun";
import { MicroscopeCards } from "./MicroscopeCards";
import { Questions } from "./Questions";

const BOOKING: ShownBooking = {
  id: 7,
  microscope: "krios1",
  begins: 1_790_000_000,
  ends: 1_790_040_000,
  title: "cem00123 ribosome",
  name: "Lea",
  project: "cem00123",
  kind: "booked",
  state: "booked",
};
const CHOICE: OfferedBooking = { booking: BOOKING, when: "now", project_title: "", sessions: [] };
const KRIOS: FacilityMicroscope = {
  name: "krios1",
  title: "Titan Krios",
  model: "",
  detector: "K3",
  movies: "/mnt/krios1",
  workflow: "default",
  running: [],
  offer: {
    choices: [CHOICE],
    blocked: null,
    next: null,
    doubts: ["the booking waits for approval"],
    source: "csv",
    age: 200,
    problem: "",
    time_zone: "Europe/Madrid",
  },
};
const FOLDERS = [{ path: "/mnt/krios1/grid3", changed: 1_790_000_000 }];
const WORKFLOW = { name: "default", title: "Default", summary: "", movies: true, problem: null };
const SERVED = {
  "/facility/microscopes/krios1/movies": FOLDERS,
  "/workflows": [WORKFLOW],
  "/facility/projects": [],
};

test("the likeliest answers are taken while nobody has chosen", () => {
  expect(asked(KRIOS, NOTHING, FOLDERS)).toMatchObject({
    microscope: "krios1",
    booking: 7,
    project: "",
    movies: "/mnt/krios1/grid3",
    workflow: "",
  });
  expect(moviesOf(NOTHING, [], KRIOS)).toBe("all");
  expect(moviesOf(NOTHING, [], { ...KRIOS, movies: null })).toBe("other");
});

test("a booking that is gone is not meant any more", () => {
  expect(whoseOf({ ...NOTHING, whose: "9" }, [CHOICE])).toBe("7");
  expect(whoseOf({ ...NOTHING, whose: "7" }, [])).toBe("other");
});

test("what is typed by hand counts where it is for no booking", () => {
  const typed = { ...NOTHING, project: " p ", operator: "max", folder: " /x ", movies: "other" };
  expect(asked(KRIOS, typed, FOLDERS)).toMatchObject({ booking: 7, project: "", movies: "/x" });
  expect(asked(KRIOS, { ...typed, whose: "other" }, FOLDERS)).toMatchObject({
    booking: null,
    project: "p",
    operator: "max",
  });
  expect(lacking(typed, "other")).toBeNull();
  expect(lacking(NOTHING, "other")).not.toBeNull();
});

test("a card says who has the microscope, and what is unsure", () => {
  answered({});
  const blocked = { ...BOOKING, kind: "maintenance", title: "Cryo cycle" };
  const other = { ...KRIOS, name: "glacios", title: "Glacios", running: ["s-001"] };
  show(
    <MicroscopeCards
      microscopes={[KRIOS, { ...other, offer: { ...KRIOS.offer, choices: [], blocked } }]}
    />,
  );
  expect(screen.getByText("Lea until 22 Sep 03:20")).toBeInTheDocument();
  expect(screen.getAllByText("The booking waits for approval.")).toHaveLength(2);
  expect(screen.getAllByText(/Bookings as they were/)).toHaveLength(2);
  expect(screen.getByText(/Maintenance until/)).toBeInTheDocument();
  expect(screen.getByText("1 session running: s-001")).toBeInTheDocument();
});

test("Start asks for what is chosen, and hands on what was begun", async () => {
  const begun = { session: { id: "x" } };
  const sent = answered({ ...SERVED, "/facility/sessions": begun });
  const onBegun = vi.fn();
  show(<Questions microscope={KRIOS} onBegun={onBegun} />);
  fireEvent.click(await screen.findByLabelText("All that the microscope writes"));
  fireEvent.change(screen.getByLabelText("Sample"), { target: { value: "ribosome" } });
  fireEvent.click(screen.getByText("Start"));
  await waitFor(() => expect(onBegun).toHaveBeenCalledWith(begun));
  expect(sent[0]).toMatchObject({
    path: "/facility/sessions",
    body: { booking: 7, movies: "", sample: "ribosome", as_given: false },
  });
});

test("what the workflow leaves open is asked for, and sent", async () => {
  const blanks = [{ name: "diameter", title: "Particle diameter", kind: "number", unit: "Å" }];
  const steps = [{ name: "pick", protocol: "y", parameters: { diameter: "{{diameter}}" } }];
  const sent = answered({
    ...SERVED,
    "/workflows/default": { source: "import", workflow: { name: "default", steps, blanks } },
    "/facility/sessions": { session: { id: "x" } },
  });
  show(<Questions microscope={KRIOS} onBegun={vi.fn()} />);
  const field = await screen.findByLabelText(/Particle diameter, Å/);
  fireEvent.change(field, { target: { value: "130" } });
  fireEvent.click(screen.getByText("Start"));
  await waitFor(() => expect(sent).toHaveLength(1));
  expect(sent[0]?.body).toMatchObject({ fill: { diameter: "130" } });
  expect(asked(KRIOS, { ...NOTHING, fill: { diameter: " " } }, FOLDERS).fill).toEqual({});
});

test("what was refused is said, with each value", async () => {
  answered(SERVED);
  show(<Questions microscope={KRIOS} onBegun={vi.fn()} />);
  fireEvent.click(await screen.findByText("Start"));
  expect(await screen.findByText("The session was not started")).toBeInTheDocument();
});

test("a session that this server does not show says what to do", () => {
  answered({});
  const session = {
    id: null,
    name: "p-001",
    project: "",
    operator: "",
    workflow: "w",
    place: "/p",
  };
  const begun = { session, running: true, movies: "/m", said: ["it is so"], advice: "start it" };
  const again = vi.fn();
  show(<Begun begun={begun as never} onAgain={again} />);
  expect(screen.getByText("start it")).toBeInTheDocument();
  expect(screen.getByText("it is so")).toBeInTheDocument();
  expect(screen.queryByText("Open the session")).toBeNull();
  fireEvent.click(screen.getByText("Begin another"));
  expect(again).toHaveBeenCalled();
});
