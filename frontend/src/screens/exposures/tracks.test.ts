import { expect, test } from "vitest";
import { arrowScale, trackView } from "./tracks";

const FRAMES = [
  { x: 0, y: 0 },
  { x: 3, y: 4 },
  { x: 6, y: 0 },
];

test("a track lies in its box, with its lengths in Å", () => {
  const view = trackView(FRAMES)!;
  expect(view.length).toBeCloseTo(10);
  expect(view.drift).toBeCloseTo(6);
  for (const point of view.points.flat()) {
    expect(point).toBeGreaterThanOrEqual(9.9);
    expect(point).toBeLessThanOrEqual(90.1);
  }
  expect(view.bar).toBe(2);
  expect(view.barPart).toBeCloseTo((2 / 6) * 0.8);
});

test("what went down and to the right in the micrograph does so in its track", () => {
  const [first, last] = trackView([
    { x: 0, y: 0 },
    { x: 2, y: 5 },
  ])!.points;
  expect(last![0]).toBeGreaterThan(first![0]);
  expect(last![1]).toBeGreaterThan(first![1]);
});

test("one frame is no track, and a still specimen has one", () => {
  expect(trackView([{ x: 1, y: 1 }])).toBeNull();
  expect(
    trackView([
      { x: 1, y: 1 },
      { x: 1, y: 1 },
    ])!.points[0],
  ).toEqual([50, 50]);
});

test("the longest arrow fills its room", () => {
  expect(
    arrowScale(
      [
        { dx: 3, dy: 4 },
        { dx: 1, dy: 0 },
      ],
      50,
    ),
  ).toBe(10);
  expect(arrowScale([], 50)).toBe(0);
});
