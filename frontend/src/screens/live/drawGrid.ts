// Drawing the map of the grid on a canvas.

import type { Ink } from "@/charts";
import { STATES, figures, withUnit } from "@/units";
import { median } from "../measured/axes";
import {
  barLength,
  beyond,
  fitView,
  holeRadius,
  squareBoxes,
  type Place,
  type SquareBox,
  type View,
} from "./gridmap";
import type { Marks } from "./marks";
import { ramp } from "./ramp";
import { cornersOf, placesOf, type Squares } from "./squares";

export interface Drawn {
  boxes: SquareBox[];
  places: Place[];
  view: View;
}

interface Task {
  map: Squares;
  square: string | null;
  marks: Marks | null;
  ink: Ink;
  width: number;
  height: number;
}

/** How much of it is seen of what is not marked, while something else is. */
const PALE = 0.15;

/** Draw the squares, or the holes of one; what was drawn, for finding what is under a pointer. */
export function drawGrid(canvas: HTMLCanvasElement, task: Task): Drawn {
  const { map, square, marks, ink, width, height } = task;
  const pen = canvas.getContext("2d");
  const density = window.devicePixelRatio || 1;
  canvas.width = width * density;
  canvas.height = height * density;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const holes = square !== null || map.squares.length === 1;
  const { places: all, indices } = placesOf(map);
  const shown = square === null ? all : all.filter((place) => place.square === square);
  const spread = shown.length > 0 ? shown : cornersOf(map);
  const view = fitView(spread, width, height);
  const boxes = holes ? [] : documentBoxes(spread, map, view);
  if (!pen) return { boxes, places: holes ? shown : [], view };
  pen.scale(density, density);
  pen.clearRect(0, 0, width, height);
  if (holes) {
    const numbers = new Map(all.map((place, at) => [place.number, indices[at] ?? 0]));
    const bright = (place: Place): boolean =>
      marks === null || marks.exposure(numbers.get(place.number) ?? 0);
    drawHoles(pen, shown, view, map.range, ink, bright);
  } else {
    drawBoxes(pen, boxes, map.range, ink, marks);
  }
  if (map.positions) drawBar(pen, view, height, ink);
  return { boxes, places: holes ? shown : [], view };
}

/** Boxes with the figures of the server, which knows all exposures. */
function documentBoxes(places: readonly Place[], map: Squares, view: View): SquareBox[] {
  const told = new Map(map.squares.map((one) => [one.name, one]));
  return squareBoxes(places, view, median).map((box) => {
    const square = told.get(box.name);
    return square
      ? {
          ...box,
          count: square.count,
          rejected: square.rejected,
          failed: square.failed,
          median: square.median,
        }
      : box;
  });
}

const part = (value: number, range: Squares["range"]): number =>
  range === null || range[1] <= range[0] ? 0.5 : (value - range[0]) / (range[1] - range[0]);

function drawBoxes(
  pen: CanvasRenderingContext2D,
  boxes: readonly SquareBox[],
  range: Squares["range"],
  ink: Ink,
  marks: Marks | null,
): void {
  pen.font = "11px system-ui, sans-serif";
  pen.textAlign = "center";
  for (const box of boxes) {
    pen.globalAlpha = marks === null || marks.square(box.name) ? 1 : PALE;
    pen.fillStyle = box.median === null ? ink.line : ramp(part(box.median, range));
    pen.strokeStyle = ink.quiet;
    pen.lineWidth = 1;
    pen.fillRect(box.left, box.top, box.width, box.height);
    pen.strokeRect(box.left, box.top, box.width, box.height);
    if (boxes.length > 60) continue;
    pen.fillStyle = ink.quiet;
    const name = box.name.length > 6 ? `…${box.name.slice(-4)}` : box.name;
    pen.fillText(name, box.left + box.width / 2, box.top + box.height + 12);
  }
  pen.globalAlpha = 1;
}

function triangle(pen: CanvasRenderingContext2D, x: number, y: number, size: number, up: 1 | -1) {
  pen.moveTo(x - size, y + up * size * 0.8);
  pen.lineTo(x + size, y + up * size * 0.8);
  pen.lineTo(x, y - up * size);
  pen.closePath();
}

const RING: Readonly<Record<Place["state"], string | null>> = {
  p: null,
  a: null,
  r: STATES.bad,
  f: STATES.warning,
};

function drawHoles(
  pen: CanvasRenderingContext2D,
  places: readonly Place[],
  view: View,
  range: Squares["range"],
  ink: Ink,
  bright: (place: Place) => boolean,
): void {
  const radius = holeRadius(view);
  for (const place of places) {
    pen.globalAlpha = bright(place) ? 1 : PALE;
    const [x, y] = [view.x(place.x), view.y(place.y)];
    pen.beginPath();
    const way = beyond(place.value, range);
    if (way === 0) pen.arc(x, y, radius, 0, 2 * Math.PI);
    else triangle(pen, x, y, radius + 1.5, way);
    if (place.value !== null) {
      pen.fillStyle = ramp(part(place.value, range));
      pen.fill();
    }
    const ring = RING[place.state];
    if (ring !== null || place.value === null) {
      pen.strokeStyle = ring ?? ink.quiet;
      pen.lineWidth = ring === null ? 1 : 2;
      pen.stroke();
    }
  }
  pen.globalAlpha = 1;
}

function drawBar(pen: CanvasRenderingContext2D, view: View, height: number, ink: Ink): void {
  const length = barLength(view, 120);
  pen.fillStyle = ink.quiet;
  pen.fillRect(8, height - 8, length * view.factor, 3);
  pen.font = "11px system-ui, sans-serif";
  pen.textAlign = "left";
  pen.fillText(withUnit(figures(length, 1), "µm"), 8, height - 13);
}
