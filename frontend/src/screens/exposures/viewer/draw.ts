// Drawing a micrograph, its picks and its bar of length on a canvas.

import { number, withUnit } from "@/units";
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

const PICK = "#56b4e9";
const BAR = 150;

/** Draw all of it; without an image the bed alone. */
export function drawView(
  canvas: HTMLCanvasElement,
  view: View,
  image: HTMLImageElement | null,
  tiles: readonly Loaded[],
  picks: PickSet | undefined,
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
  if (picks) drawPicks(pen, frame, picks);
  drawBar(pen, view);
}

function drawPicks(pen: CanvasRenderingContext2D, frame: Frame, picks: PickSet): void {
  const radius = (picks.diameter / picks.pixel_size / 2) * frame.scale;
  pen.strokeStyle = PICK;
  pen.lineWidth = 1.5;
  pen.beginPath();
  for (const [x, y] of picks.points) {
    const [left, top] = [frame.x + x * frame.scale, frame.y + y * frame.scale];
    pen.moveTo(left + radius, top);
    pen.arc(left, top, radius, 0, 2 * Math.PI);
  }
  pen.stroke();
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
