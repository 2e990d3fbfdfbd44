/** Geometry of what the pointer draws over the gallery. */

export interface Point {
  x: number;
  y: number;
}

export interface Rectangle {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** What a drag draws: the rectangle between its ends, or the closed line along its way. */
export type Tool = "rectangle" | "lasso";

/** How many places along each side of a picture are looked at, to tell how much of it is enclosed. */
const PLACES = 5;

/** Whether two rectangles share some room. */
export const overlap = (a: Rectangle, b: Rectangle): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

/** The smallest rectangle around points. */
export const boundsOf = (points: readonly Point[]): Rectangle => ({
  left: Math.min(...points.map(({ x }) => x)),
  top: Math.min(...points.map(({ y }) => y)),
  right: Math.max(...points.map(({ x }) => x)),
  bottom: Math.max(...points.map(({ y }) => y)),
});

/** Whether a closed line goes around a point, however often it crosses itself. */
export function encloses(line: readonly Point[], { x, y }: Point): boolean {
  let turns = 0;
  line.forEach((to, index) => {
    const from = line.at(index - 1) ?? to;
    if (from.y <= y === to.y <= y) return;
    const side = (to.x - from.x) * (y - from.y) - (x - from.x) * (to.y - from.y);
    if (to.y > from.y ? side > 0 : side < 0) turns += to.y > from.y ? 1 : -1;
  });
  return turns !== 0;
}

/** Whether a closed line goes around the middle of a picture, or around most of it. */
export function lassoed(line: readonly Point[], picture: Rectangle): boolean {
  if (!overlap(boundsOf(line), picture)) return false;
  const { left, top, right, bottom } = picture;
  if (encloses(line, { x: (left + right) / 2, y: (top + bottom) / 2 })) return true;
  let inside = 0;
  for (let row = 0; row < PLACES; row += 1)
    for (let column = 0; column < PLACES; column += 1) {
      const x = left + ((column + 0.5) / PLACES) * (right - left);
      const y = top + ((row + 0.5) / PLACES) * (bottom - top);
      inside += Number(encloses(line, { x, y }));
    }
  return inside > (PLACES * PLACES) / 2;
}

/** The corners of what a drag along these points draws. */
export function drawnBy(tool: Tool, points: readonly Point[]): readonly Point[] {
  const [first, last] = [points[0], points.at(-1)];
  if (tool === "lasso" || !first || !last) return points;
  return [first, { x: last.x, y: first.y }, last, { x: first.x, y: last.y }];
}
