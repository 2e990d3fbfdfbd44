import { expect, test } from "vitest";
import {
  barLength,
  fitView,
  holeRadius,
  placeAt,
  squareAt,
  squareBoxes,
  withoutStage,
  type Place,
} from "./gridmap";
import { median } from "../measured/axes";

const place = (number: number, square: string, x: number, y: number, value = 3): Place => ({
  number,
  name: `E${number}`,
  state: "a",
  square,
  x,
  y,
  value,
});

const PLACES = [
  place(1, "A", 0, 0, 3),
  place(2, "A", 10, 0, 5),
  place(3, "B", 100, 50, 9),
  { ...place(4, "B", 110, 50, 90), state: "f" as const },
];

test("y goes up, both axes are alike, and all places are inside", () => {
  const view = fitView(PLACES, 400, 300);
  expect(view.y(50)).toBeLessThan(view.y(0));
  expect(view.x(10) - view.x(0)).toBeCloseTo(view.y(0) - view.y(10));
  for (const { x, y } of PLACES) {
    expect(view.x(x)).toBeGreaterThanOrEqual(0);
    expect(view.x(x)).toBeLessThanOrEqual(400);
    expect(view.y(y)).toBeGreaterThanOrEqual(0);
    expect(view.y(y)).toBeLessThanOrEqual(300);
  }
});

test("squares hold their places, with medians of what did not fail, and can be pressed", () => {
  const view = fitView(PLACES, 400, 300);
  const boxes = squareBoxes(PLACES, view, median);
  expect(
    boxes.map(({ name, count, failed, median: value }) => [name, count, failed, value]),
  ).toEqual([
    ["A", 2, 0, 4],
    ["B", 2, 1, 9],
  ]);
  for (const box of boxes) expect(Math.min(box.width, box.height)).toBeGreaterThanOrEqual(24);
  expect(squareAt(boxes, view.x(105), view.y(50))?.name).toBe("B");
  expect(squareAt(boxes, 1, 1)).toBeUndefined();
});

test("the nearest place within reach is found", () => {
  const view = fitView(PLACES, 400, 300);
  expect(placeAt(PLACES, view, view.x(10) + 2, view.y(0), 8)?.number).toBe(2);
  expect(placeAt(PLACES, view, view.x(50), view.y(25), 8)).toBeUndefined();
});

test("one place alone, and none, can be drawn", () => {
  expect(Number.isFinite(fitView([PLACES[0]!], 200, 200).x(0))).toBe(true);
  expect(Number.isFinite(fitView([], 200, 200).y(3))).toBe(true);
});

test("without positions each square is a block of its own", () => {
  const { places } = withoutStage(PLACES);
  expect(new Set(places.map(({ x, y }) => `${x},${y}`)).size).toBe(4);
  const gap = Math.hypot(places[2]!.x - places[1]!.x, places[2]!.y - places[1]!.y);
  expect(gap).toBeGreaterThan(1);
});

test("the bar is round and short enough, and holes neither vanish nor overlap", () => {
  const view = fitView(PLACES, 400, 300);
  const length = barLength(view, 100);
  expect(length * view.factor).toBeLessThanOrEqual(100);
  expect(["1", "2", "5"]).toContain(String(length).replaceAll("0", "").replace(".", ""));
  expect(holeRadius(view)).toBeGreaterThanOrEqual(2);
});
