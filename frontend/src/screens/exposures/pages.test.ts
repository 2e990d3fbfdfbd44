import { expect, test } from "vitest";
import { pagesFor } from "./pages";

test("what is on the screen is asked for, and the next page shortly before it is reached", () => {
  expect(pagesFor(130, 160, 1000)).toEqual([1]);
  expect(pagesFor(150, 190, 1000)).toEqual([1, 2]);
  expect(pagesFor(105, 140, 1000)).toEqual([0, 1]);
  expect(pagesFor(180, 220, 1000)).toEqual([1, 2]);
});

test("there is no page beyond the ends", () => {
  expect(pagesFor(0, 30, 1000)).toEqual([0]);
  expect(pagesFor(960, 999, 1000)).toEqual([9]);
  expect(pagesFor(0, -1, 0)).toEqual([0]);
});
