import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { show } from "@/testing/served";
import { Agreement } from "./Agreement";
import type { ComparedMember, Consensus } from "./types";

const member = (step: string, values: Partial<ComparedMember> = {}): ComparedMember => ({
  step,
  title: "CTF estimation",
  protocol: "ctf.estimate",
  set: [],
  left: 0,
  done: 40,
  failed: 0,
  skipped: 0,
  cpu: 0.25,
  seconds: 1.5,
  memory: 3e8,
  errors: [],
  ...values,
});

const error = (name: string, title: string, median: number, better = "low") => ({
  name,
  title,
  unit: better === "low" ? "Å" : "%",
  better,
  count: 40,
  low: median * 0.9,
  median,
  high: median * 1.1,
  worst: median * 3,
});

const STEP: Consensus = {
  step: "ctf",
  title: "CTF consensus",
  quality: "",
  exposures: 40,
  members: [
    { step: "fine", title: "CTF estimation", told: 40, outvoted: 0, lately: 0, of: 40 },
    { step: "coarse", title: "CTF estimation", told: 40, outvoted: 4, lately: 4, of: 40 },
  ],
  pickers: null,
  beside: {
    members: [
      member("fine", { set: ["resolution_max = 4"], errors: [error("d", "Defocus error", 50)] }),
      member("coarse", { cpu: 0.05, errors: [error("d", "Defocus error", 100)] }),
    ],
    itself: member("ctf", { title: "CTF consensus", cpu: 0.0016, errors: [] }),
    exposures: 40,
    looked_at: 40,
  },
};

const draw = (step: Consensus) => show(<Agreement steps={[step]} qualities={[]} trends={null} />);
/** The row of the table in which a step stands; by its text, which is found quicker than by role. */
const row = (step: string) => screen.getAllByText(step)[0]?.closest("tr");

test("programs stand side by side with what they cost and how often they were outvoted", () => {
  draw(STEP);
  const fine = row("fine");
  for (const text of [
    "0.25\u202fs",
    "1.5\u202fs",
    "300\u202fMB",
    "never",
    "none",
    "resolution_max = 4",
  ])
    expect(fine).toHaveTextContent(text.replace(/\u202f/g, " "), { normalizeWhitespace: true });
  expect(row("coarse")).toHaveTextContent(/50.ms.*4 · 10\.0.%/);
  expect(row("what is kept of the others")).toHaveTextContent(/1\.6.ms/);
});

test("errors against the truth are drawn with their medians, on one axis", () => {
  draw(STEP);
  const picture = screen.getByText("Defocus error").closest("table") ?? document.body;
  expect(picture).toHaveTextContent("less is better");
  const [fine, coarse] = picture.querySelectorAll("tr");
  expect(fine).toHaveTextContent(/fine50\.0.Å/);
  expect(coarse).toHaveAttribute(
    "title",
    expect.stringMatching(/half of 40.exposures from 90\.0 to 110.Å, worst 300.Å/),
  );
  const ends = [fine, coarse].map(
    (one) => one?.querySelector<HTMLElement>("[data-range]")?.style.left,
  );
  expect(ends).toEqual(["40.9091%", "81.8182%"]);
  expect(
    screen.getByText(/over the 40.exposures of which every member has a result\. Bars/),
  ).toBeInTheDocument();
});

test("without truth no error is told, and with it, of which exposures", () => {
  const { beside } = STEP;
  const bare = [...beside.members].map((one) => ({ ...one, errors: [] }));
  const { unmount } = draw({
    ...STEP,
    beside: { ...beside, members: bare, exposures: 0, looked_at: 0 },
  });
  expect(screen.queryByText(/truth/)).toBeNull();
  expect(screen.getByText("CPU time")).toBeInTheDocument();
  unmount();
  draw({ ...STEP, beside: { ...beside, exposures: 120, looked_at: 196 } });
  expect(screen.getByText(/over the 120.exposures .* \(196 were looked at\)/)).toBeInTheDocument();
});

test("a step that failed everywhere has no cost, and nothing is drawn of one alone", () => {
  const failing = member("coarse", { done: 0, failed: 40, cpu: null, seconds: null, memory: null });
  const beside = {
    ...STEP.beside,
    members: [member("fine", { left: 3, skipped: 2 }), failing],
    exposures: 0,
    looked_at: 0,
  };
  draw({ ...STEP, exposures: 0, members: [], beside });
  expect(row("coarse")).toHaveTextContent(/0all 40–––/);
  expect(row("fine")).toHaveTextContent(/403 to do2 left outnone/);
  expect(screen.queryByText("Outvoted")).toBeNull();
  expect(screen.queryByText("CPU time")).toBeNull();
});
