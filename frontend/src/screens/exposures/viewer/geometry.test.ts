import { expect, test } from "vitest";
import { fitted, kept, moved, pixelAt, scaleBar, wantedSize, zoomed } from "./geometry";

const PICTURE = { width: 4000, height: 3000 };
const WINDOW = { width: 800, height: 800 };

test("the whole picture is in the middle", () => {
  expect(fitted(PICTURE, WINDOW)).toEqual({ scale: 0.2, x: 0, y: 100 });
});

test("the point under the pointer stays where it is", () => {
  const frame = zoomed(fitted(PICTURE, WINDOW), 4, { x: 300, y: 350 }, PICTURE, WINDOW);
  const before = pixelAt(fitted(PICTURE, WINDOW), 300, 350);
  const after = pixelAt(frame, 300, 350);
  expect(after.x).toBeCloseTo(before.x);
  expect(after.y).toBeCloseTo(before.y);
});

test("it is never smaller than the window, and comes back to the middle", () => {
  const frame = zoomed(fitted(PICTURE, WINDOW), 0.01, { x: 0, y: 0 }, PICTURE, WINDOW);
  expect(frame).toEqual(fitted(PICTURE, WINDOW));
});

test("it cannot be moved out of sight", () => {
  const near = zoomed(fitted(PICTURE, WINDOW), 10, { x: 400, y: 400 }, PICTURE, WINDOW);
  expect(moved(near, 1e6, 1e6, PICTURE, WINDOW)).toMatchObject({ x: 0, y: 0 });
  const far = moved(near, -1e6, 0, PICTURE, WINDOW);
  expect(far.x).toBe(800 - 4000 * near.scale);
  expect(kept(near, PICTURE, WINDOW)).toEqual(near);
});

test("no more pixels are asked for than are seen, in a few sizes", () => {
  expect(wantedSize(fitted(PICTURE, WINDOW), PICTURE, 1)).toBe(1024);
  expect(wantedSize({ scale: 1, x: 0, y: 0 }, PICTURE, 2)).toBe(4000);
});

test("the bar is a round length that fits", () => {
  const frame = fitted(PICTURE, WINDOW);
  const length = scaleBar(frame, 1.1, 120);
  expect((length / 1.1) * frame.scale).toBeLessThanOrEqual(120);
  expect(length).toBe(500);
});
