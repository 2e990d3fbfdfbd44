// What the keys do in a viewer.

import { isInside, press, type Place } from "../picking/edits";
import { moved, pixelAt, type Frame, type Size } from "./geometry";
import type { Editor } from "./usePointers";

/** Pixels of the window. */
const STEP = 60;
const CURSOR = 12;

export const MOVES: Readonly<Record<string, [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The picture moved by a key with shift; null where it moves nothing. */
export function pannedBy(key: string, frame: Frame, picture: Size, window: Size): Frame | null {
  const move = MOVES[key];
  return move ? moved(frame, -STEP * move[0], -STEP * move[1], picture, window) : null;
}

/** Move the cursor, or add and remove at it; false where the key means nothing. */
export function editedBy(
  key: string,
  editor: Editor,
  frame: Frame,
  picture: Size,
  window: Size,
): boolean {
  const cursor = editor.cursor ?? within(middle(frame, window), picture);
  const move = MOVES[key];
  if (move) {
    const by = CURSOR / frame.scale;
    editor.point(within({ x: cursor.x + by * move[0], y: cursor.y + by * move[1] }, picture));
    return true;
  }
  if (key !== "Enter" && key !== " ") return false;
  editor.point(cursor);
  if (isInside(cursor, picture)) editor.change(press(editor.edits, editor.picks, cursor));
  return true;
}

const middle = (frame: Frame, window: Size): Place =>
  pixelAt(frame, window.width / 2, window.height / 2);

const within = ({ x, y }: Place, { width, height }: Size): Place => ({
  x: Math.min(width - 1, Math.max(0, x)),
  y: Math.min(height - 1, Math.max(0, y)),
});
