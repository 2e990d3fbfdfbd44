import { expect, test } from "vitest";
import type { Quality } from "@/screens/measured/types";
import { trendFrom } from "./trend";
import type { FileTrend, TrendsFile } from "./types";

const QUALITY = {
  name: "q",
  limits: [{ refuses: true, low: null, high: 8 }],
} as unknown as Quality;

const TOLD: FileTrend = {
  name: "q",
  title: "Q",
  unit: "Å",
  whole: false,
  median: 4,
  count: 4,
  range: { low: 2, high: 10 },
  beyond: [0, 1],
  mid: [3, 4, null, 2600],
  low: null,
  high: null,
  histogram: { low: 2, step: 2, kept: [1, 1, 0, 1], rejected: [0, 1, 0, 0] },
  control: { center: 4, low: 2, high: 9, outside: 1 },
};

const FILE: TrendsFile = {
  version: 1,
  width: 1,
  first: [0, 1, 2, 3],
  time: [100, 50, 150, 200],
  rejected: [0, 1, 0, 0],
  qualities: [TOLD],
};

test("a value far beyond the axis lies at its rim, and is outside of the control limits", () => {
  const trend = trendFrom(TOLD, FILE, QUALITY);
  expect(trend.axis).toEqual({ low: 2, high: 10, below: 0, above: 1 });
  expect(trend.clipped).toEqual([[200, 10, 3]]);
  expect(trend.strange).toEqual([[200, 10, 3]]);
  expect(trend.kept).toEqual([[100, 3, 0]]);
  expect(trend.refused).toEqual([[50, 4, 1]]);
  expect(trend.ends.map(({ value }) => value)).toEqual([8]);
  expect(trend.bins).toMatchObject({ low: 2, step: 2, kept: [1, 1, 0, 1], refused: [0, 1, 0, 0] });
});

test("runs have a line and a band in the order of time, broken where nothing came", () => {
  const told = { ...TOLD, mid: [3, 4, 5, 6], low: [2, 3, 4, 5], high: [4, 5, 6, 11] };
  const file = {
    ...FILE,
    width: 20,
    time: [200, 100, 300, 90_000, ...new Array<number>(996).fill(0)],
  };
  const trend = trendFrom(told, file, QUALITY);
  expect(trend.middle.map(([time]) => time)).toEqual([100, 200, 300, 90_000, 90_000]);
  expect(trend.middle[3]![1]).toBeNull();
  expect(trend.band).toHaveLength(2);
  expect(trend.band![0]![0]).toEqual([100, 3, 5]);
  expect(trend.clipped).toEqual([[90_000, 10, 3]]);
});
