import { expect, test } from "vitest";
import type { Columns, Quality } from "../measured/types";
import { clippedWords, numbersIn, trendOf } from "./trend";

const QUALITY: Quality = {
  name: "ctf.defocus",
  title: "Defocus",
  short: "Defocus",
  unit: "µm",
  scale: 1e-4,
  whole: false,
  digits: 2,
  meaning: "",
  limits: [{ step: "select", title: "Selection", refuses: true, low: null, high: 2.2 }],
  count: 0,
  low: 10_000,
  high: 20_000,
  median: 15_000,
};

function columns(values: (number | null)[], state = values.map(() => "a" as const)): Columns {
  return {
    number: values.map((_, index) => index + 1),
    state,
    time: values.map((_, index) => 1000 + index),
    columns: { "ctf.defocus": values },
    square: values.map(() => ""),
    total: values.length,
    shown: values.length,
  };
}

const VALUES = Array.from({ length: 60 }, (_, index) => 10000 + 500 * (index % 20));

test("values are in the unit that is shown, with the limit on the axis", () => {
  const trend = trendOf(columns(VALUES), QUALITY, null)!;
  expect(trend.kept).toHaveLength(60);
  expect(trend.kept[0]![1]).toBeCloseTo(1);
  expect(trend.ends.map(({ value }) => value)).toEqual([2.2]);
  expect(trend.recent).toBeGreaterThan(1);
});

test("an outlier lies at the edge, and is told of", () => {
  const trend = trendOf(columns([...VALUES, 500000]), QUALITY, null)!;
  expect(trend.clipped).toHaveLength(1);
  expect(trend.clipped[0]![1]).toBe(trend.axis.high);
  expect(clippedWords(trend.axis)).toBe("1 above");
});

test("what is not brushed is pale, and is not counted in the histogram", () => {
  const mask = new Uint8Array(60);
  mask[3] = 1;
  const trend = trendOf(columns(VALUES), QUALITY, mask)!;
  expect(trend.pale).toHaveLength(59);
  expect(trend.bins.kept.reduce((sum, one) => sum + one, 0)).toBe(1);
});

test("refused exposures are apart", () => {
  const given = columns([10000, 20000, 12000]);
  const trend = trendOf({ ...given, state: ["a", "r", "p"] }, QUALITY, null)!;
  expect(trend.refused.map(([, , index]) => index)).toEqual([1]);
  expect(trend.kept).toHaveLength(2);
});

test("many values get a line of medians, nothing measured gets no plot", () => {
  const many = Array.from({ length: 900 }, (_, index) => 10000 + index);
  const trend = trendOf(columns(many), QUALITY, null)!;
  expect(trend.middle).toHaveLength(60);
  expect(trend.middle[0]![1]!).toBeLessThan(trend.middle[59]![1]!);
  expect(trendOf(columns([null, null]), QUALITY, null)).toBeNull();
});

test("a span of time gives the numbers of its exposures", () => {
  expect(numbersIn(columns(VALUES), 1004.5, 1010.5)).toEqual([6, 11]);
  expect(numbersIn(columns(VALUES), 5, 6)).toBeNull();
});
