import { expect, test } from "vitest";
import {
  askedNow,
  changesFor,
  keptOf,
  readPlainRule,
  selectionOf,
  sliderRange,
  type SelectionStep,
} from "./selection";

const STEP: SelectionStep = {
  name: "select",
  protocol: "exposures.select",
  parameters: {
    defocus_min: 0.2,
    defocus_max: 5,
    resolution_max: 8,
    score_min: null,
    rules: ["picks.count >= 50", "motion.total < median + 3 MAD"],
  },
};

const unit = (quality: string): string => (quality === "ctf.resolution" ? "Å" : "");

test("the selection is found by what it is, not by its name", () => {
  const other = { name: "exposures", protocol: "classes.select", parameters: {} };
  expect(selectionOf([other, STEP])).toBe(STEP);
  expect(selectionOf([other])).toBeUndefined();
});

test("what is asked now comes from parameters and from rules", () => {
  expect(askedNow(STEP, "ctf.defocus")).toEqual({ low: 0.2, high: 5 });
  expect(askedNow(STEP, "picks.count")).toEqual({ low: 50, high: null });
  expect(askedNow(STEP, "motion.late")).toEqual({ low: null, high: null });
});

test("a slider that was not moved changes nothing", () => {
  expect(changesFor(STEP, { "ctf.defocus": { low: 0.2, high: 5 } }, unit)).toEqual({});
});

test("a slider sets the parameter that the selection has for it", () => {
  const asked = {
    "ctf.defocus": { low: 0.5, high: 5 },
    "ctf.resolution": { low: null, high: null },
  };
  expect(changesFor(STEP, asked, unit)).toEqual({ defocus_min: 0.5, resolution_max: null });
});

test("other qualities become rules, and rules of another kind stay", () => {
  const asked = { "picks.count": { low: 80, high: null }, "motion.late": { low: 1, high: 12.5 } };
  expect(changesFor(STEP, asked, () => "Å")).toEqual({
    rules: ["motion.total < median + 3 MAD", "picks.count >= 80 Å", "motion.late 1 to 12.5 Å"],
  });
});

test("the side that has no parameter becomes a rule", () => {
  expect(changesFor(STEP, { "ctf.resolution": { low: 2, high: 6 } }, unit)).toEqual({
    resolution_max: 6,
    rules: ["picks.count >= 50", "motion.total < median + 3 MAD", "ctf.resolution >= 2 Å"],
  });
});

test("only plain limits are read from rules", () => {
  expect(readPlainRule("ctf.phase_shift 30 to 150 °")?.asked).toEqual({ low: 30, high: 150 });
  expect(readPlainRule("ctf.resolution best 90 %")).toBeNull();
  expect(readPlainRule("picks.count of pick >= 50")).toBeNull();
});

test("counts of a bin that a limit cuts are kept in part", () => {
  expect(keptOf([0, 1, 2, 3], [10, 10, 10], { low: 0.5, high: 2 })).toEqual({
    kept: 15,
    total: 30,
  });
  expect(keptOf([0, 1], [10], { low: null, high: null })).toEqual({ kept: 10, total: 10 });
});

test("the ends of a slider lie beyond the limits of now, at numbers that people would type", () => {
  const { start, end, step } = sliderRange([3, 5, 7], { low: null, high: 8 }, false);
  expect(start).toBe(3);
  expect(end).toBeGreaterThan(8);
  expect([1, 2, 5]).toContain(Number(step.toExponential().split("e")[0]));
  expect(sliderRange([1, 2], { low: 0.2, high: null }, false).start).toBeLessThan(0.2);
});

test("a slider of counts moves by whole numbers, and one without a histogram has room", () => {
  expect(sliderRange([0, 40, 80], { low: 50, high: null }, true).step).toBe(1);
  const bare = sliderRange([], { low: null, high: 8 }, false);
  expect(bare.start).toBe(0);
  expect(bare.end).toBeGreaterThan(8);
});
