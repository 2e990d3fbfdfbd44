/** A density map as the browser has it: a cube of bytes and what they mean. */

/** Cube of `side`³ bytes, x fastest, with the density that 0 and 255 stand for. */
export interface Volume {
  side: number;
  data: Uint8Array;
  /** Å from voxel to voxel, as drawn (a map may have been made smaller). */
  spacing: number;
  low: number;
  high: number;
}

export type Axis = "z" | "y" | "x";

/** The density at a voxel, in the units of the map. */
export function density(volume: Volume, x: number, y: number, z: number): number {
  return volume.low + (valueAt(volume, x, y, z) / 255) * (volume.high - volume.low);
}

/** The byte of a voxel; 0 outside. */
export function valueAt({ side, data }: Volume, x: number, y: number, z: number): number {
  if (x < 0 || y < 0 || z < 0 || x >= side || y >= side || z >= side) return 0;
  return data[(z * side + y) * side + x] ?? 0;
}

/** One slice as `side`² bytes: rows are y (of x: z), from the top of the picture down. */
export function slice({ side, data }: Volume, axis: Axis, at: number): Uint8ClampedArray {
  const found = new Uint8ClampedArray(side * side);
  const plane = Math.min(side - 1, Math.max(0, Math.round(at)));
  const [start, across, down] = {
    z: [plane * side * side, 1, side],
    y: [plane * side, 1, side * side],
    x: [plane, side, side * side],
  }[axis] as [number, number, number];
  for (let row = 0; row < side; row += 1) {
    for (let column = 0; column < side; column += 1) {
      found[row * side + column] = data[start + row * down + column * across] ?? 0;
    }
  }
  return found;
}

/** A map of half the side: each voxel the mean of eight. An odd plane at the end is left out. */
export function halved(volume: Volume): Volume {
  const half = Math.floor(volume.side / 2);
  const data = new Uint8Array(half * half * half);
  for (let z = 0; z < half; z += 1) {
    for (let y = 0; y < half; y += 1) {
      for (let x = 0; x < half; x += 1) {
        let sum = 0;
        for (let corner = 0; corner < 8; corner += 1) {
          sum += valueAt(
            volume,
            2 * x + (corner & 1),
            2 * y + ((corner >> 1) & 1),
            2 * z + (corner >> 2),
          );
        }
        data[(z * half + y) * half + x] = Math.round(sum / 8);
      }
    }
  }
  return { ...volume, side: half, data, spacing: volume.spacing * 2 };
}

/** How many voxels have each byte. */
export function counts(volume: Volume): Uint32Array {
  const found = new Uint32Array(256);
  for (const value of volume.data) found[value] = (found[value] ?? 0) + 1;
  return found;
}

/**
 * A level at which the surface shows the particle: mean plus three standard deviations, as people
 * begin with in a viewer, and never below or above all that is there.
 */
export function levelToBeginWith(volume: Volume): number {
  const histogram = counts(volume);
  let [sum, squares, highest] = [0, 0, 0];
  histogram.forEach((count, value) => {
    sum += count * value;
    squares += count * value * value;
    if (count) highest = value;
  });
  const mean = sum / volume.data.length;
  const deviation = Math.sqrt(Math.max(0, squares / volume.data.length - mean * mean));
  return Math.min(Math.max(mean + 3 * deviation, 1), Math.max(1, highest - 1));
}

/** Share of the cube that is above a level, and what that is in Å³. */
export function enclosed(volume: Volume, level: number): { share: number; volume: number } {
  let above = 0;
  for (const value of volume.data) if (value >= level) above += 1;
  return { share: above / volume.data.length, volume: above * volume.spacing ** 3 };
}
