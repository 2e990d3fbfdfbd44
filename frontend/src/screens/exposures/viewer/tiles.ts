// Which tiles of a Deep Zoom pyramid are needed for what is in the window.

import { pixelAt, type Frame, type Size } from "./geometry";

export const TILE = 512;

export interface Tile {
  level: number;
  column: number;
  row: number;
  /** Where it lies, in pixels of the picture. */
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The level with all pixels; that above it has half of them along each side. */
export const lastLevel = ({ width, height }: Size): number =>
  Math.ceil(Math.log2(Math.max(width, height)));

/**
 * Tiles of the coarsest level that still has a pixel for each of the window's, as far as they are
 * in sight; none while the overview, which is `overview` pixels long, has enough.
 */
export function tilesFor(
  frame: Frame,
  picture: Size,
  window: Size,
  density: number,
  overview: number,
): Tile[] {
  const longest = Math.max(picture.width, picture.height);
  const shown = frame.scale * density;
  if (longest <= overview || longest * shown <= overview * 1.1) return [];
  const last = lastLevel(picture);
  const level = Math.min(last, Math.max(0, last + Math.ceil(Math.log2(Math.min(1, shown)) - 0.2)));
  const side = TILE * 2 ** (last - level);
  const from = pixelAt(frame, 0, 0);
  const to = pixelAt(frame, window.width, window.height);
  const range = (low: number, high: number, length: number): [number, number] => [
    Math.max(0, Math.floor(low / side)),
    Math.min(Math.ceil(length / side) - 1, Math.floor((high - 1e-6) / side)),
  ];
  const [left, right] = range(from.x, to.x, picture.width);
  const [top, bottom] = range(from.y, to.y, picture.height);
  const tiles: Tile[] = [];
  for (let row = top; row <= bottom; row += 1) {
    for (let column = left; column <= right; column += 1) {
      const [x, y] = [column * side, row * side];
      const width = Math.min(side, picture.width - x);
      const height = Math.min(side, picture.height - y);
      tiles.push({ level, column, row, x, y, width, height });
    }
  }
  return tiles;
}
