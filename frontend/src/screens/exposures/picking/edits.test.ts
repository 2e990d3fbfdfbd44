import { describe, expect, it } from "vitest";
import type { PickSet } from "../types";
import {
  NOTHING,
  counts,
  hitAt,
  isEmpty,
  isInside,
  movable,
  moveTo,
  press,
  requestOf,
} from "./edits";

const PICKS = {
  step: "pick",
  title: "Picking",
  result: 7,
  port: "picks",
  diameter: 40,
  diameter_px: 20,
  pixel_size: 2,
  known: true,
  shape: [200, 400],
  total: 3,
  points: [
    [100, 50, 3],
    [112, 50, 2],
    [300, 50, null],
  ],
  by_hand: { added: 1, removed: [[200, 150]], who: "ada", why: "", time: 0 },
} as unknown as PickSet;

const at = (x: number, y: number) => ({ x, y });
const ABOUT = { exposure: "e1", branch: "", why: "ice" };

describe("a press", () => {
  it("adds where nothing is, and takes that away again", () => {
    const one = press(NOTHING, PICKS, at(20, 30));
    expect(one.added).toEqual([at(20, 30)]);
    expect(isEmpty(press(one, PICKS, at(22, 31)))).toBe(true);
  });

  it("removes the nearest pick, and brings it back", () => {
    const one = press(NOTHING, PICKS, at(109, 50));
    expect([...one.removed]).toEqual([1]);
    // The other one is within reach and still there: it comes first.
    expect([...press(one, PICKS, at(109, 50)).removed]).toEqual([1, 0]);
    expect(isEmpty(press(one, PICKS, at(121, 50)))).toBe(true);
  });

  it("brings back what somebody removed before", () => {
    const one = press(NOTHING, PICKS, at(205, 150));
    expect([...one.restored]).toEqual([0]);
    expect(counts(one)).toEqual({ added: 1, removed: 0 });
    expect(requestOf(one, PICKS, ABOUT)["add"]).toEqual([[200, 150]]);
    expect(isEmpty(press(one, PICKS, at(200, 150)))).toBe(true);
  });

  it("reaches half a diameter and no farther", () => {
    expect(hitAt(NOTHING, PICKS, at(300, 60))).toEqual({ kind: "point", index: 2 });
    expect(hitAt(NOTHING, PICKS, at(300, 60.1))).toBeNull();
  });
});

describe("a move", () => {
  it("removes there and adds here", () => {
    const one = moveTo(NOTHING, PICKS, at(300, 50), at(310, 70));
    expect(counts(one)).toEqual({ added: 1, removed: 1 });
    const again = moveTo(one, PICKS, at(310, 70), at(320, 90));
    expect(again.added).toEqual([at(320, 90)]);
    expect(counts(again)).toEqual({ added: 1, removed: 1 });
  });

  it("is of what is there alone", () => {
    const gone = press(NOTHING, PICKS, at(300, 50));
    expect(movable(gone, PICKS, at(300, 50))).toBe(false);
    expect(movable(NOTHING, PICKS, at(200, 150))).toBe(false);
    expect(movable(NOTHING, PICKS, at(20, 30))).toBe(false);
    expect(moveTo(gone, PICKS, at(300, 50), at(1, 1))).toBe(gone);
  });
});

it("asks for all that was changed, in the pixels of the picks", () => {
  const one = press(press(NOTHING, PICKS, at(20, 30)), PICKS, at(100, 50));
  expect(requestOf(one, PICKS, ABOUT)).toEqual({
    verb: "picks",
    exposure: "e1",
    step: "pick",
    add: [[20, 30]],
    remove: [[100, 50]],
    pixel_size: 2,
    why: "ice",
  });
  expect(requestOf(one, PICKS, { ...ABOUT, branch: "try" })["branch"]).toBe("try");
});

it("knows what is inside of the micrograph", () => {
  const size = { width: 400, height: 200 };
  expect(isInside(at(0, 0), size) && isInside(at(399, 199), size)).toBe(true);
  expect(isInside(at(-1, 5), size) || isInside(at(5, 200), size)).toBe(false);
});
