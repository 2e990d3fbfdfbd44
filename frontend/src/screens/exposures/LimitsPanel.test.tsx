import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { answered, show } from "@/testing/served";
import type { Quality } from "../measured/types";
import { LimitsPanel } from "./LimitsPanel";

const RESOLUTION: Quality = {
  name: "ctf.resolution",
  title: "CTF fit resolution",
  short: "CTF fit",
  unit: "Å",
  scale: 1,
  whole: false,
  digits: 2,
  meaning: "",
  limits: [],
  count: 100,
  low: 3,
  high: 10,
  median: 4,
};

const ANSWERS = {
  "/sessions/s1/workflow": {
    record: {
      steps: [{ name: "select", protocol: "exposures.select", parameters: { resolution_max: 8 } }],
    },
  },
  "/sessions/s1/histograms": [
    {
      name: "ctf.resolution",
      edges: [3, 5, 7, 9],
      counts: [60, 30, 10],
      accepted: [60, 30, 5],
      rejected: [0, 0, 5],
    },
  ],
  "/sessions/s1/limits/preview": {
    step: "select",
    judged: 100,
    accepted: 95,
    accepted_after: 93,
    gained: 0,
    lost: 2,
    gained_names: [],
    lost_names: ["E1", "E2"],
    unknown: 0,
    particles: 1000,
    particles_lost: 20,
    particles_gained: 0,
    medians: [],
  },
  "/sessions/s1/requests": { token: "t", state: "done", answer: "" },
};

interface Body {
  changes: Readonly<Record<string, unknown>>;
}

function press(handle: string, key: string): void {
  const thumb = screen.getByLabelText(handle);
  act(() => thumb.focus());
  fireEvent.keyDown(thumb, { key });
}

const panel = (
  <LimitsPanel session="s1" branch="" qualities={[RESOLUTION]} onFilter={() => undefined} />
);

test("a moved handle says what would be lost before anything is changed, and is then applied", async () => {
  const sent = answered(ANSWERS);
  show(panel);
  expect(await screen.findByText("95 of 100 within")).toBeInTheDocument();
  press("CTF fit: largest", "ArrowLeft");
  expect(await screen.findByText(/93 of 100 exposures accepted, 95 before/)).toBeInTheDocument();
  expect(screen.getByRole("link", { name: "E1" })).toHaveAttribute("href", "/s/s1/exposures/E1");
  const asked = sent.map(({ path, body }) => [path, Object.keys((body as Body).changes)]);
  expect(asked).toEqual([
    ["/sessions/s1/limits/preview", []],
    ["/sessions/s1/limits/preview", ["resolution_max"]],
  ]);
  fireEvent.click(screen.getByRole("button", { name: "Apply these limits" }));
  fireEvent.change(await screen.findByLabelText(/Reason/), { target: { value: "sharper" } });
  fireEvent.click(screen.getByRole("button", { name: "Apply" }));
  const requests = () => sent.filter(({ path }) => path.endsWith("/requests"));
  await waitFor(() => expect(requests()).toHaveLength(1));
  const applied = requests()[0]!.body as { changes: { resolution_max: number } };
  expect(applied).toMatchObject({ verb: "set", step: "select", why: "sharper" });
  expect(applied.changes.resolution_max).toBeLessThan(8);
});

test("without a selection it says what would bring one", async () => {
  answered({ "/sessions/s1/workflow": { record: { steps: [] } } });
  show(panel);
  expect(await screen.findByText("No selection in this workflow")).toBeInTheDocument();
});

test("a preview that cannot be worked out says why", async () => {
  answered({ ...ANSWERS, "/sessions/s1/limits/preview": undefined });
  show(panel);
  await screen.findByText("95 of 100 within");
  press("CTF fit: largest", "ArrowLeft");
  expect(await screen.findByText("What would change could not be worked out")).toBeInTheDocument();
});

test("the first preview is asked for once when the panel opens, and it shows that it works", async () => {
  const sent = answered(ANSWERS);
  const quick = globalThis.fetch;
  const waiting: (() => void)[] = [];
  vi.stubGlobal("fetch", async (url: string, options?: RequestInit) => {
    if (url.includes("/limits/preview")) {
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    return quick(url, options);
  });
  show(panel);
  expect(await screen.findByText(/Reading what the selection has judged/)).toBeInTheDocument();
  await screen.findByText("95 of 100 within");
  press("CTF fit: largest", "ArrowLeft");
  expect(await screen.findByText(/Working out what would change/)).toBeInTheDocument();
  await waitFor(() => expect(waiting).toHaveLength(2));
  waiting.splice(0).forEach((one) => one());
  expect(await screen.findByText(/93 of 100 exposures accepted/)).toBeInTheDocument();
  expect(screen.queryByText(/Working out/)).not.toBeInTheDocument();
  fireEvent.click(screen.getByRole("button", { name: "Back to the limits of now" }));
  expect(await screen.findByText(/Move a handle/)).toBeInTheDocument();
  expect(sent).toHaveLength(2);
});

test("a handle stands still until the histogram says where it belongs", async () => {
  answered(ANSWERS);
  const quick = globalThis.fetch;
  let come: () => void = () => undefined;
  vi.stubGlobal("fetch", async (url: string, options?: RequestInit) => {
    if (url.includes("/histograms")) await new Promise<void>((resolve) => (come = resolve));
    return quick(url, options);
  });
  show(panel);
  await screen.findByLabelText("CTF fit: largest");
  press("CTF fit: largest", "ArrowLeft");
  expect(screen.queryByText(/Apply these limits/)).not.toBeInTheDocument();
  come();
  await screen.findByText("95 of 100 within");
  press("CTF fit: largest", "ArrowLeft");
  expect(await screen.findByText(/Apply these limits/)).toBeInTheDocument();
});
