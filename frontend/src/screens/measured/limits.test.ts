import { expect, test } from "vitest";
import { acceptedRange, breach, drawnEnds } from "./limits";
import type { LimitLine } from "./types";

const line = (refuses: boolean, low: number | null, high: number | null): LimitLine => ({
  step: refuses ? "select" : "monitor",
  title: refuses ? "Selection" : "Monitor",
  refuses,
  low,
  high,
});

test("what refuses outweighs what warns", () => {
  const lines = [line(false, null, 6), line(true, null, 8)];
  expect(breach(5, lines)).toBeNull();
  expect(breach(7, lines)).toBe("warns");
  expect(breach(9, lines)).toBe("refuses");
});

test("a limit itself is within, and what is unknown breaks nothing", () => {
  const lines = [line(true, 0.2, 5)];
  expect(breach(5, lines)).toBeNull();
  expect(breach(0.1, lines)).toBe("refuses");
  expect(breach(null, lines)).toBeNull();
  expect(breach(NaN, lines)).toBeNull();
});

test("two lines at one value are drawn once, as what refuses", () => {
  const ends = drawnEnds([line(false, null, 8), line(true, null, 8), line(false, null, 6)]);
  expect(ends.map(({ value, refuses }) => [value, refuses])).toEqual([
    [8, true],
    [6, false],
  ]);
});

test("what is accepted lies within the tightest limits that refuse", () => {
  expect(acceptedRange([line(true, 0.2, 5), line(true, 0.5, null), line(false, 1, 2)])).toEqual([
    0.5, 5,
  ]);
  expect(acceptedRange([])).toEqual([null, null]);
});
