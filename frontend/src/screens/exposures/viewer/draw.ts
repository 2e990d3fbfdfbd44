// Drawing a micrograph, its picks and its bar of length on a canvas.

import { SERIES, STATES, number, withUnit } from "@/units";
import type { Edits, Place } from "../picking/edits";
import type { PickSet } from "../types";
import { scaleBar, type Frame, type Size } from "./geometry";
import type { Loaded } from "./useTiles";

export interface View {
  frame: Frame;
  picture: Size;
  window: Size;
  density: number;
  pixelSize: number;
}

const [, ADDED, , , FOUND] = SERIES;
const GONE = STATES.bad;
const BAR = 150;

/** Picks, and what is being changed about them. */
export interface Marks {
  picks: PickSet;
  changed?: { edits: Edits; cursor: Place | null } | undefined;
}

/** Draw all of it; without an image the bed alone. */
export function drawView(
  canvas: HTMLCanvasElement,
  view: View,
  image: HTMLImageElement | null,
  tiles: readonly Loaded[],
  marks: Marks | undefined,
): void {
  const { frame, picture, window, density } = view;
  const [width, height] = [Math.round(window.width * density), Math.round(window.height * density)];
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const pen = canvas.getContext("2d");
  if (!pen) return;
  pen.setTransform(density, 0, 0, density, 0, 0);
  pen.clearRect(0, 0, window.width, window.height);
  if (image) {
    // Single pixels are seen as squares once they are large.
    pen.imageSmoothingEnabled = frame.scale < 2;
    const [wide, high] = [picture.width * frame.scale, picture.height * frame.scale];
    pen.drawImage(image, frame.x, frame.y, wide, high);
  }
  for (const { tile, image: part } of tiles) {
    const { scale } = frame;
    // Half a pixel of overlap, so that no seam shows between neighbours.
    const [wide, high] = [tile.width * scale + 0.5, tile.height * scale + 0.5];
    pen.drawImage(part, frame.x + tile.x * scale, frame.y + tile.y * scale, wide, high);
  }
  if (marks) drawPicks(pen, frame, marks);
  drawBar(pen, view);
}

function drawPicks(pen: CanvasRenderingContext2D, frame: Frame, { picks, changed }: Marks): void {
  const { edits, cursor } = changed ?? { edits: null, cursor: null };
  const radius = (picks.diameter / picks.pixel_size / 2) * frame.scale;
  const at = (x: number, y: number): Place => ({
    x: frame.x + x * frame.scale,
    y: frame.y + y * frame.scale,
  });
  const found: Place[] = [];
  const byHand: Place[] = [];
  const gone: Place[] = [];
  const added = picks.by_hand?.added ?? 0;
  picks.points.forEach(([x, y], index) => {
    // What a person added comes first.
    const there = index < added ? byHand : found;
    (edits?.removed.has(index) ? gone : there).push(at(x, y));
  });
  if (edits) {
    picks.by_hand?.removed.forEach(([x, y], index) =>
      (edits.restored.has(index) ? found : gone).push(at(x, y)),
    );
    byHand.push(...edits.added.map(({ x, y }) => at(x, y)));
  }
  pen.lineWidth = 1.5;
  drawCircles(pen, found, radius, FOUND);
  pen.lineWidth = 2;
  drawCircles(pen, byHand, radius, ADDED);
  drawStrokes(pen, byHand, Math.min(radius, 5), "plus");
  pen.setLineDash([4, 4]);
  drawCircles(pen, gone, radius, GONE);
  pen.setLineDash([]);
  drawStrokes(pen, gone, radius * Math.SQRT1_2, "cross");
  if (cursor) drawCursor(pen, at(cursor.x, cursor.y));
}

function drawCircles(
  pen: CanvasRenderingContext2D,
  places: readonly Place[],
  radius: number,
  colour: string,
): void {
  pen.strokeStyle = colour;
  pen.beginPath();
  for (const { x, y } of places) {
    pen.moveTo(x + radius, y);
    pen.arc(x, y, radius, 0, 2 * Math.PI);
  }
  pen.stroke();
}

/** A plus in what was added and a cross over what was removed: not the colour alone tells. */
function drawStrokes(
  pen: CanvasRenderingContext2D,
  places: readonly Place[],
  size: number,
  shape: "plus" | "cross",
): void {
  pen.beginPath();
  for (const { x, y } of places) {
    const [dx, dy] = shape === "plus" ? [0, size] : [size, size];
    pen.moveTo(x - dx, y - dy);
    pen.lineTo(x + dx, y + dy);
    pen.moveTo(x - dy, y + dx);
    pen.lineTo(x + dy, y - dx);
  }
  pen.stroke();
}

function drawCursor(pen: CanvasRenderingContext2D, { x, y }: Place): void {
  for (const [width, colour] of [
    [4, "#000"],
    [2, "#fff"],
  ] as const) {
    pen.lineWidth = width;
    pen.strokeStyle = colour;
    drawStrokes(pen, [{ x, y }], 12, "plus");
  }
}

function drawBar(pen: CanvasRenderingContext2D, { frame, window, pixelSize }: View): void {
  if (!(pixelSize > 0)) return;
  const length = scaleBar(frame, pixelSize, BAR);
  const wide = (length / pixelSize) * frame.scale;
  const text = withUnit(number(length / 10, length < 10 ? 1 : 0), "nm");
  pen.font = "600 12px system-ui, sans-serif";
  pen.lineWidth = 3;
  pen.strokeStyle = "rgba(0,0,0,0.7)";
  pen.strokeRect(12, window.height - 16, wide, 4);
  pen.strokeText(text, 12, window.height - 22);
  pen.fillStyle = "#fff";
  pen.fillRect(12, window.height - 16, wide, 4);
  pen.fillText(text, 12, window.height - 22);
}
