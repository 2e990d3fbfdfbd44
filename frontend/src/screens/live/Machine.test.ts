import { expect, test } from "vitest";
import { sparkPath } from "./Machine";

test("a line is broken where a value is unknown, instead of falling to nothing", () => {
  const points: [number, number | null][] = [
    [0, 2],
    [1, 4],
    [2, null],
    [3, 4],
    [4, 2],
  ];
  expect(sparkPath(points, 40, 10)).toBe("M0.0 5.0L10.0 0.0M30.0 0.0L40.0 5.0");
});
