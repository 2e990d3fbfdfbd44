import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import type { ChangeCost } from "@/api/types";
import { answered, show } from "@/testing/served";
import { CostTable } from "./CostTable";

type Step = ChangeCost["steps"][number];

const step = (name: string, more: Partial<Step>): Step => ({
  name,
  tasks: 0,
  kept: 0,
  seconds: 0,
  bytes: 0,
  measured: 0,
  gathers: false,
  each: 0,
  watches: false,
  ...more,
});
const cost = (steps: Step[], more: Partial<ChangeCost> = {}): ChangeCost => ({
  steps,
  removed: [],
  selections: [],
  tasks: 8,
  exposures: 8,
  seconds: 0,
  bytes: 0,
  unknown: [],
  changes: [],
  wait: { runs: true, cores: 8, alone: 0, before: 0, until: null, without: null },
  words: [],
  doubts: [],
  ...more,
});

test("a step that never ran takes an unknown time, not none", async () => {
  answered({});
  const words = ["8 tasks of 1 step", "not known: how long fresh will take"];
  show(<CostTable cost={cost([step("fresh", { tasks: 8 })], { unknown: ["fresh"], words })} />);
  expect(await screen.findByRole("row", { name: "fresh 8 0 unknown" })).toBeInTheDocument();
  expect(
    screen.getByText("8 tasks of 1 step; not known: how long fresh will take."),
  ).toBeInTheDocument();
});

test("a step that takes many exposures at once is in the table, and is not counted", async () => {
  answered({});
  const many = step("classify", { gathers: true, measured: 3, each: 30 });
  show(<CostTable cost={cost([step("ctf", { kept: 8 }), many])} />);
  expect(await screen.findByRole("row", { name: /^classify some 0 30\ss each$/ })).toBeVisible();
});

test("what changes nothing has no table", async () => {
  answered({});
  show(<CostTable cost={cost([step("ctf", {})], { words: ["nothing has to be run"] })} />);
  expect(await screen.findByText("Nothing has to be run.")).toBeInTheDocument();
  expect(screen.queryByRole("table")).toBeNull();
});
