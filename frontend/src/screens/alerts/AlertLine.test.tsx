import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { answered, show } from "@/testing/served";
import { AlertLine } from "./AlertLine";
import { fromRecord, type AlertRecord } from "./types";

const RECORD: AlertRecord = {
  id: 8,
  step: "watch",
  branch: "",
  key: "picking.diameter",
  level: "warning",
  message: "The particle is 182 Å wide.",
  exposure: "",
  raised: 1000,
  cleared: null,
  acknowledged: null,
  acknowledged_by: "",
  acknowledged_why: "",
  muted: null,
  muted_by: "",
  muted_why: "",
  offer: { step: "pick", changes: { diameter: 182 }, automatic: false },
  offer_words: "pick: diameter=182",
  adopted: null,
  adopted_by: "",
  began: 900,
  extent: { first: 3, last: 9, count: 7 },
  cause: "",
  command: "icestream adopt demo 8",
  exposure_number: null,
  since: 900,
  until: null,
  extent_words: "exposures 3 to 9",
  note: "",
  deliveries: [],
};

/** Press what confirms the question that is asked. */
async function confirm(name: string): Promise<void> {
  const dialog = await screen.findByRole("dialog");
  fireEvent.click(within(dialog).getByRole("button", { name }));
}

const line = (record: AlertRecord) => <AlertLine session="s1" alert={fromRecord(record)} />;

test("what is offered is done once it is confirmed, and not before", async () => {
  const sent = answered({ "/sessions/s1/requests": { token: "t", state: "done", answer: "" } });
  show(line(RECORD));
  fireEvent.click(await screen.findByRole("button", { name: "Set pick diameter=182" }));
  expect(sent).toEqual([]);
  fireEvent.click(await screen.findByRole("button", { name: "Do it" }));
  await waitFor(() => expect(sent.map(({ body }) => body)).toEqual([{ verb: "adopt", alert: 8 }]));
});

test("an alert is acknowledged with the reason that was given", async () => {
  const sent = answered({ "/sessions/s1/requests": { token: "t", state: "done", answer: "" } });
  show(line(RECORD));
  fireEvent.click(await screen.findByRole("button", { name: "Acknowledge" }));
  fireEvent.change(await screen.findByLabelText(/Reason/), { target: { value: "I look at it" } });
  await confirm("Acknowledge");
  await waitFor(() =>
    expect(sent[0]?.body).toEqual({ verb: "acknowledge", alert: 8, why: "I look at it" }),
  );
});

test("muting says until when", async () => {
  const sent = answered({ "/sessions/s1/requests": { token: "t", state: "done", answer: "" } });
  show(line(RECORD));
  fireEvent.click(await screen.findByRole("button", { name: "Mute" }));
  await confirm("Mute");
  await waitFor(() => expect(sent).toHaveLength(1));
  const { until } = sent[0]!.body as { until: number };
  expect(until - Date.now() / 1000).toBeCloseTo(4 * 3600, -2);
});

test("what was refused is said, and the question stays", async () => {
  answered({});
  show(line(RECORD));
  fireEvent.click(await screen.findByRole("button", { name: "Acknowledge" }));
  await confirm("Acknowledge");
  expect(await screen.findByText(/there is no \/sessions\/s1\/requests/)).toBeInTheDocument();
});

test("a viewer sees all of it and can do nothing", async () => {
  answered({ "/me": { name: "v", full_name: "", role: "viewer", login_required: true, csrf: "" } });
  show(line(RECORD));
  expect(await screen.findByText("icestream adopt demo 8")).toBeInTheDocument();
  expect(screen.queryByRole("button")).toBeNull();
});

test("an alert that has passed is told with its time, and offers nothing", async () => {
  answered({});
  show(line({ ...RECORD, cleared: 2000 }));
  expect(await screen.findByText("Passed")).toBeInTheDocument();
  expect(screen.queryByRole("button")).toBeNull();
});

test("its exposures are a link into the table", async () => {
  answered({});
  show(line(RECORD));
  expect(await screen.findByRole("link", { name: "Its exposures" })).toHaveAttribute(
    "href",
    "/s/s1/exposures?alert=8",
  );
});
