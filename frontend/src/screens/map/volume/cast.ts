/** The surface drawn without WebGL: a ray through each pixel, until it meets the level. */

import type { Rotation } from "./camera";
import { valueAt, type Volume } from "./volume";

export interface Shade {
  /** Colour of the surface in full light, 0 to 255. */
  colour: readonly [number, number, number];
  /** How much the map is enlarged; at 1 the sphere in the cube fills the picture. */
  zoom: number;
}

/**
 * A picture of `size`² pixels (RGBA, transparent where nothing is met) of the surface at `level`,
 * seen without perspective along the z axis of the screen.
 */
export function cast(
  volume: Volume,
  level: number,
  view: Rotation,
  size: number,
  shade: Shade,
): Uint8ClampedArray {
  const picture = new Uint8ClampedArray(size * size * 4);
  const middle = (volume.side - 1) / 2;
  const reach = middle * Math.sqrt(3);
  const v = (index: number) => view[index] ?? 0;
  // The rows of the rotation turn the map to the screen; its columns turn a ray back.
  const ray = [-v(6), -v(7), -v(8)] as const;
  for (let row = 0; row < size; row += 1) {
    const up = ((size - 1) / 2 - row) / ((size / 2) * shade.zoom);
    for (let column = 0; column < size; column += 1) {
      const right = (column - (size - 1) / 2) / ((size / 2) * shade.zoom);
      const origin = [0, 1, 2].map(
        (axis) => middle + middle * (right * v(axis) + up * v(3 + axis)) - reach * (ray[axis] ?? 0),
      ) as [number, number, number];
      const hit = met(volume, level, origin, ray, 2 * reach);
      if (!hit) continue;
      const light = lit(volume, hit, view);
      const pixel = 4 * (row * size + column);
      for (let channel = 0; channel < 3; channel += 1) {
        picture[pixel + channel] = (shade.colour[channel] ?? 0) * light.diffuse + 255 * light.gloss;
      }
      picture[pixel + 3] = 255;
    }
  }
  return picture;
}

type Place = [number, number, number];

/** Where a ray first meets the level; null where it does not. */
function met(
  volume: Volume,
  level: number,
  origin: Place,
  ray: readonly [number, number, number],
  length: number,
): Place | null {
  let before = 0;
  const [first, last] = within(volume, origin, ray, length);
  for (let at = first; at <= last; at += 1) {
    const value = between(
      volume,
      origin[0] + at * ray[0],
      origin[1] + at * ray[1],
      origin[2] + at * ray[2],
    );
    if (value >= level) {
      const back = value === before ? 0 : (value - level) / (value - before);
      const place = at - Math.min(1, Math.max(0, back));
      return [origin[0] + place * ray[0], origin[1] + place * ray[1], origin[2] + place * ray[2]];
    }
    before = value;
  }
  return null;
}

/** The part of a ray that is in the cube. */
function within(
  volume: Volume,
  origin: Place,
  ray: readonly number[],
  length: number,
): [number, number] {
  let [first, last] = [0, length];
  for (let axis = 0; axis < 3; axis += 1) {
    const [start, step] = [origin[axis] ?? 0, ray[axis] ?? 0];
    if (Math.abs(step) < 1e-9) {
      if (start < 0 || start > volume.side - 1) return [0, -1];
      continue;
    }
    const ends = [-start / step, (volume.side - 1 - start) / step];
    first = Math.max(first, Math.min(...ends));
    last = Math.min(last, Math.max(...ends));
  }
  return [first, last];
}

/** The value between voxels. */
export function between(volume: Volume, x: number, y: number, z: number): number {
  const { side, data } = volume;
  const [i, j, k] = [Math.floor(x), Math.floor(y), Math.floor(z)];
  if (i < 0 || j < 0 || k < 0 || i + 1 >= side || j + 1 >= side || k + 1 >= side)
    return valueAt(volume, Math.round(x), Math.round(y), Math.round(z));
  const [fx, fy, fz] = [x - i, y - j, z - k];
  const at = (k * side + j) * side + i;
  const value = (offset: number) => data[at + offset] ?? 0;
  const plane = side * side;
  const front = mix(mix(value(0), value(1), fx), mix(value(side), value(side + 1), fx), fy);
  const back = mix(
    mix(value(plane), value(plane + 1), fx),
    mix(value(plane + side), value(plane + side + 1), fx),
    fy,
  );
  return mix(front, back, fz);
}

const mix = (a: number, b: number, part: number): number => a + (b - a) * part;

/** Light from above the left shoulder of who looks, as the shader of WebGL has it. */
export const LIGHT = [-0.4, 0.55, 0.73] as const;
export const AMBIENT = 0.32;
export const GLOSS = 0.22;

function lit(volume: Volume, [x, y, z]: Place, view: Rotation): { diffuse: number; gloss: number } {
  const slope = [
    between(volume, x - 1, y, z) - between(volume, x + 1, y, z),
    between(volume, x, y - 1, z) - between(volume, x, y + 1, z),
    between(volume, x, y, z - 1) - between(volume, x, y, z + 1),
  ];
  const length = Math.hypot(...slope) || 1;
  let [facing, half] = [0, 0];
  for (let row = 0; row < 3; row += 1) {
    const seen =
      slope.reduce((sum, each, axis) => sum + each * (view[3 * row + axis] ?? 0), 0) / length;
    facing += seen * (LIGHT[row] ?? 0);
    half += seen * ((LIGHT[row] ?? 0) + (row === 2 ? 1 : 0));
  }
  const gloss = GLOSS * Math.max(0, half / 1.86) ** 24;
  return { diffuse: AMBIENT + (1 - AMBIENT) * Math.max(0, facing), gloss };
}
