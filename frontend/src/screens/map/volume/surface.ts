/**
 * The surface at one level of a map, by marching tetrahedra: each cell of eight voxels is cut into
 * six tetrahedra around a diagonal, which leaves no case undecided and no hole.
 */

import { valueAt, type Volume } from "./volume";

/** Corners of triangles, three numbers each, and the directions in which they face. */
export interface Surface {
  positions: Float32Array;
  normals: Float32Array;
  indices: Uint32Array;
}

/** Corners of a cell: bit 0 is x, bit 1 y, bit 2 z. */
const TETRAHEDRA = [
  [0, 5, 1, 7],
  [0, 1, 3, 7],
  [0, 3, 2, 7],
  [0, 2, 6, 7],
  [0, 6, 4, 7],
  [0, 4, 5, 7],
] as const;

/** Make the surface of `volume` where it passes `level` (a byte). Positions are -1 to 1. */
export function surfaceOf(volume: Volume, level: number): Surface {
  return new Marching(volume, level).run();
}

class Marching {
  private readonly positions: number[] = [];
  private readonly normals: number[] = [];
  private readonly indices: number[] = [];
  private readonly corners = new Map<number, number>();
  private readonly values = new Float64Array(8);
  private readonly voxels = new Int32Array(8);

  constructor(
    private readonly volume: Volume,
    private readonly level: number,
  ) {}

  run(): Surface {
    const { side } = this.volume;
    for (let z = 0; z + 1 < side; z += 1) {
      for (let y = 0; y + 1 < side; y += 1) {
        for (let x = 0; x + 1 < side; x += 1) this.cell(x, y, z);
      }
    }
    return {
      positions: new Float32Array(this.positions),
      normals: new Float32Array(this.normals),
      indices: new Uint32Array(this.indices),
    };
  }

  private cell(x: number, y: number, z: number): void {
    const { side, data } = this.volume;
    const first = (z * side + y) * side + x;
    let above = 0;
    for (let corner = 0; corner < 8; corner += 1) {
      const voxel = first + (corner & 1) + ((corner >> 1) & 1) * side + (corner >> 2) * side * side;
      const value = data[voxel] ?? 0;
      this.voxels[corner] = voxel;
      this.values[corner] = value;
      if (value >= this.level) above += 1;
    }
    if (above === 0 || above === 8) return;
    for (const tetrahedron of TETRAHEDRA) this.tetrahedron(tetrahedron);
  }

  private tetrahedron(corners: readonly [number, number, number, number]): void {
    const inside = corners.filter((corner) => (this.values[corner] ?? 0) >= this.level);
    const outside = corners.filter((corner) => (this.values[corner] ?? 0) < this.level);
    const [a, b, c] = inside;
    const [p, q, r] = outside;
    if (a === undefined || p === undefined) return;
    if (b === undefined) this.triangle(this.cut(a, p), this.cut(a, q ?? p), this.cut(a, r ?? p));
    else if (q === undefined) this.triangle(this.cut(a, p), this.cut(b, p), this.cut(c ?? b, p));
    else {
      const [ap, aq, bp, bq] = [this.cut(a, p), this.cut(a, q), this.cut(b, p), this.cut(b, q)];
      this.triangle(ap, aq, bp);
      this.triangle(aq, bq, bp);
    }
  }

  /** The number of the point where the surface cuts an edge; neighbouring cells share it. */
  private cut(inside: number, outside: number): number {
    const [one, two] = [this.voxels[inside] ?? 0, this.voxels[outside] ?? 0];
    const { length } = this.volume.data;
    const key = Math.min(one, two) * length + Math.max(one, two);
    const known = this.corners.get(key);
    if (known !== undefined) return known;
    const [high, low] = [this.values[inside] ?? 0, this.values[outside] ?? 0];
    const part = high === low ? 0.5 : (high - this.level) / (high - low);
    const number = this.positions.length / 3;
    const { side } = this.volume;
    const middle = (side - 1) / 2;
    const from = [
      one % side,
      Math.floor(one / side) % side,
      Math.floor(one / (side * side)),
    ] as const;
    const to = [
      two % side,
      Math.floor(two / side) % side,
      Math.floor(two / (side * side)),
    ] as const;
    const [g1, g2] = [this.gradient(...from), this.gradient(...to)];
    let norm = 0;
    const normal = [0, 1, 2].map((axis) => {
      const slope = (g1[axis] ?? 0) + part * ((g2[axis] ?? 0) - (g1[axis] ?? 0));
      norm += slope * slope;
      this.positions.push(
        ((from[axis] ?? 0) + part * ((to[axis] ?? 0) - (from[axis] ?? 0)) - middle) / middle,
      );
      return -slope;
    });
    norm = Math.sqrt(norm) || 1;
    for (const each of normal) this.normals.push(each / norm);
    this.corners.set(key, number);
    return number;
  }

  private gradient(x: number, y: number, z: number): [number, number, number] {
    const at = (i: number, j: number, k: number) => valueAt(this.volume, x + i, y + j, z + k);
    return [at(1, 0, 0) - at(-1, 0, 0), at(0, 1, 0) - at(0, -1, 0), at(0, 0, 1) - at(0, 0, -1)];
  }

  /** A triangle that faces outward, whichever way its corners were found. */
  private triangle(a: number, b: number, c: number): void {
    if (a === b || b === c || a === c) return;
    const p = this.positions;
    const edge = (from: number, to: number, axis: number) =>
      (p[3 * to + axis] ?? 0) - (p[3 * from + axis] ?? 0);
    let outward = 0;
    for (let axis = 0; axis < 3; axis += 1) {
      const [i, j] = [(axis + 1) % 3, (axis + 2) % 3];
      const across = edge(a, b, i) * edge(a, c, j) - edge(a, b, j) * edge(a, c, i);
      outward += across * (this.normals[3 * a + axis] ?? 0);
    }
    if (outward >= 0) this.indices.push(a, b, c);
    else this.indices.push(a, c, b);
  }
}
