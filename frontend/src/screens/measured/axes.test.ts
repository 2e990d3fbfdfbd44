import { expect, test } from "vitest";
import { clamp, fitAxis, median, ticks } from "./axes";

const run = (length: number, of: (index: number) => number): number[] =>
  Array.from({ length }, (_, index) => of(index));

test("an outlier is clipped and counted instead of flattening the rest", () => {
  const axis = fitAxis([...run(100, (i) => 3 + (i % 10) / 10), 400]);
  expect(axis).not.toBeNull();
  expect(axis!.high).toBeLessThan(6);
  expect(axis!.above).toBe(1);
  expect(axis!.below).toBe(0);
});

test("values that are spread without a gap are all on the axis", () => {
  const axis = fitAxis(run(200, (i) => i));
  expect(axis).toMatchObject({ above: 0, below: 0, low: 0 });
  expect(axis!.high).toBeGreaterThanOrEqual(199);
});

test("an axis of values that are not negative does not go below zero", () => {
  expect(fitAxis([0.01, 0.02, 0.5, 0.6])!.low).toBe(0);
  expect(fitAxis([-0.5, -0.4, 0.3, 0.4])!.low).toBeLessThan(-0.5);
});

test("a limit near the values widens the axis, one far off does not", () => {
  const values = run(50, (i) => 3 + i / 50);
  expect(fitAxis(values, [4.3])!.high).toBeGreaterThan(4.3);
  expect(fitAxis(values, [40])!.high).toBeLessThan(5);
});

test("equal values get an axis with room, and none get none", () => {
  const axis = fitAxis([2, 2, 2]);
  expect(axis!.high - axis!.low).toBeGreaterThan(0.5);
  expect(fitAxis([null, NaN, undefined])).toBeNull();
});

test("ticks are round and within the ends", () => {
  expect(ticks(0, 10, 5)).toEqual([0, 2, 4, 6, 8, 10]);
  expect(ticks(0.13, 0.31, 3)).toEqual([0.2, 0.3]);
  expect(ticks(1, 1, 3)).toEqual([1]);
});

test("the middle leaves out what is unknown", () => {
  expect(median([3, null, 1, 2])).toBe(2);
  expect(median([4, 1])).toBe(2.5);
  expect(median([])).toBeNull();
  expect(clamp(7, 0, 5)).toBe(5);
});
