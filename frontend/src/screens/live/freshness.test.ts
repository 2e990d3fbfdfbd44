import { expect, test } from "vitest";
import { agePart, freshness, usualGap } from "./freshness";

test("the usual gap is the median of the last ones, whatever their order", () => {
  expect(usualGap([0, 1000, 1010, 1020, 1040, 1030])).toBe(10);
  expect(usualGap([0, 10])).toBeNull();
  expect(usualGap([5, 5, 5, 5, 5])).toBeNull();
});

test("an age is judged against what is usual", () => {
  expect(freshness(20, 30, false)).toBe("delivering");
  expect(freshness(100, 30, false)).toBe("late");
  expect(freshness(200, 30, false)).toBe("quiet");
  expect(freshness(200, 120, false)).toBe("delivering");
  expect(freshness(9999, 30, true)).toBe("ended");
  expect(freshness(null, 30, false)).toBe("unknown");
});

test("the scale ends where a microscope is quiet", () => {
  expect(agePart(60, 60)).toBeCloseTo(0.2);
  expect(agePart(9999, 60)).toBe(1);
});
