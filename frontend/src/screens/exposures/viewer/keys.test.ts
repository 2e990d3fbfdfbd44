import { describe, expect, it, vi } from "vitest";
import { NOTHING } from "../picking/edits";
import type { PickSet } from "../types";
import { editedBy, pannedBy } from "./keys";
import type { Editor } from "./usePointers";

const PICTURE = { width: 400, height: 200 };
const WINDOW = { width: 400, height: 200 };
const FRAME = { scale: 1, x: 0, y: 0 };
const PICKS = { diameter_px: 20, points: [[100, 50, 1]], by_hand: null } as unknown as PickSet;

const editor = (cursor: { x: number; y: number } | null): Editor => ({
  picks: PICKS,
  edits: NOTHING,
  cursor,
  change: vi.fn(),
  point: vi.fn(),
});

describe("keys while picks are edited", () => {
  it("move a cursor from the middle of what is shown, and never out of the micrograph", () => {
    const one = editor(null);
    expect(editedBy("ArrowRight", one, FRAME, PICTURE, WINDOW)).toBe(true);
    expect(one.point).toHaveBeenCalledWith({ x: 212, y: 100 });
    const edge = editor({ x: 3, y: 1 });
    editedBy("ArrowUp", edge, FRAME, PICTURE, WINDOW);
    expect(edge.point).toHaveBeenCalledWith({ x: 3, y: 0 });
  });

  it("add at the cursor, and remove the pick that is there", () => {
    const empty = editor({ x: 10, y: 10 });
    editedBy("Enter", empty, FRAME, PICTURE, WINDOW);
    expect(empty.change).toHaveBeenCalledWith({ ...NOTHING, added: [{ x: 10, y: 10 }] });
    const on = editor({ x: 103, y: 50 });
    editedBy(" ", on, FRAME, PICTURE, WINDOW);
    expect(on.change).toHaveBeenCalledWith({ ...NOTHING, removed: new Set([0]) });
  });

  it("mean nothing else", () => {
    expect(editedBy("x", editor(null), FRAME, PICTURE, WINDOW)).toBe(false);
  });
});

it("shift and arrows move the picture the other way", () => {
  const large = { scale: 2, x: -100, y: -100 };
  expect(pannedBy("ArrowRight", large, PICTURE, WINDOW)).toEqual({ scale: 2, x: -160, y: -100 });
  expect(pannedBy("x", large, PICTURE, WINDOW)).toBeNull();
});
