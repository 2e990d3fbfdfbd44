import { expect, test } from "vitest";
import { outlook, runningTotal, thinned } from "./particles";

test("what was refused adds no particles, and time puts them in order", () => {
  const points = runningTotal([30, 10, 20, 40], [5, 100, 7, null], ["a", "a", "r", "a"]);
  expect(points).toEqual([
    { time: 10, total: 100 },
    { time: 30, total: 105 },
  ]);
});

test("a steady rate goes on, with hardly a doubt", () => {
  const time = Array.from({ length: 61 }, (_, index) => index * 60);
  const points = runningTotal(
    time,
    time.map(() => 100),
    time.map(() => "a"),
  );
  const said = outlook(points, 3600)!;
  expect(said.perHour).toBeCloseTo(6000, -2);
  expect(said.total).toBeCloseTo(6100 + 6000, -2);
  expect(said.low).toBeLessThanOrEqual(said.total);
  expect(said.high - said.low).toBeLessThan(2000);
});

test("only the last hour counts", () => {
  const time = [
    ...Array.from({ length: 100 }, (_, i) => i * 60),
    6000,
    6300,
    6600,
    6900,
    7200,
    7500,
    7800,
    8100,
    8400,
    8700,
    9000,
    9300,
    9600,
  ];
  const points = runningTotal(
    time,
    time.map(() => 10),
    time.map(() => "a"),
  );
  expect(outlook(points, 3600)!.perHour).toBeLessThan(130);
});

test("too little says nothing", () => {
  expect(outlook([], 60)).toBeNull();
  expect(outlook(runningTotal([1, 2], [3, 4], ["a", "a"]), 60)).toBeNull();
});

test("the last point is never thinned out", () => {
  const kept = thinned(
    Array.from({ length: 1000 }, (_, index) => index),
    50,
  );
  expect(kept).toHaveLength(50);
  expect(kept[0]).toBe(0);
  expect(kept.at(-1)).toBe(999);
});
