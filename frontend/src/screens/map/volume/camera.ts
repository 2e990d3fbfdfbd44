/** Where the map is seen from: a rotation that the hand turns, and how near. */

/** Rotation as three rows of three numbers. */
export type Rotation = readonly number[];

export const STRAIGHT: Rotation = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/** The view that one begins with: a little from the side and from above. */
export const FIRST_VIEW: Rotation = times(about("x", -0.45), about("y", 0.6));

export function times(a: Rotation, b: Rotation): number[] {
  return Array.from({ length: 9 }, (_, index) => {
    const [row, column] = [Math.floor(index / 3), index % 3];
    return [0, 1, 2].reduce((sum, k) => sum + (a[3 * row + k] ?? 0) * (b[3 * k + column] ?? 0), 0);
  });
}

/** A turn about an axis of the screen, in radians. */
export function about(axis: "x" | "y" | "z", angle: number): number[] {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  if (axis === "x") return [1, 0, 0, 0, c, -s, 0, s, c];
  if (axis === "y") return [c, 0, s, 0, 1, 0, -s, 0, c];
  return [c, -s, 0, s, c, 0, 0, 0, 1];
}

/** The rotation after the pointer moved by so many parts of the picture's side. */
export function dragged(view: Rotation, right: number, down: number): number[] {
  return upright(times(times(about("y", right * Math.PI), about("x", down * Math.PI)), view));
}

/** A rotation again, after many products have let errors grow. */
export function upright(m: Rotation): number[] {
  const [a, b, c, d, e, f] = m as [number, number, number, number, number, number];
  const first = unit([a, b, c]);
  const along = first[0] * d + first[1] * e + first[2] * f;
  const second = unit([d - along * first[0], e - along * first[1], f - along * first[2]]);
  return [
    ...first,
    ...second,
    first[1] * second[2] - first[2] * second[1],
    first[2] * second[0] - first[0] * second[2],
    first[0] * second[1] - first[1] * second[0],
  ];
}

function unit([x, y, z]: [number, number, number]): [number, number, number] {
  const length = Math.hypot(x, y, z) || 1;
  return [x / length, y / length, z / length];
}
