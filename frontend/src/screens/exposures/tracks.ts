// Geometry of the track of the specimen, and of its field of motion.

export interface TrackView {
  /** Points in a box of 100 by 100, y down. */
  points: [number, number][];
  /** Å of a bar that is `barPart` of the box long. */
  bar: number;
  barPart: number;
  /** Å from the first frame to the last. */
  drift: number;
  /** Å along the whole way. */
  length: number;
}

const ROOM = 10;

/** A track in Å fitted into a box, both axes alike; y down, as in the micrograph beside it. */
export function trackView(frames: readonly { x: number; y: number }[]): TrackView | null {
  const [first, last] = [frames[0], frames.at(-1)];
  if (!first || !last || frames.length < 2) return null;
  const xs = frames.map(({ x }) => x);
  const ys = frames.map(({ y }) => y);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  const span = Math.max(right - left, high - low, 1e-6);
  const scale = (100 - 2 * ROOM) / span;
  const points = frames.map(({ x, y }): [number, number] => [
    50 + (x - (left + right) / 2) * scale,
    50 + (y - (low + high) / 2) * scale,
  ]);
  const power = 10 ** Math.floor(Math.log10(span / 2));
  const bar = ([5, 2, 1].find((each) => each * power <= span / 2) ?? 1) * power;
  let length = 0;
  for (let index = 1; index < frames.length; index += 1) {
    const [from, to] = [frames[index - 1] ?? first, frames[index] ?? first];
    length += Math.hypot(to.x - from.x, to.y - from.y);
  }
  const drift = Math.hypot(last.x - first.x, last.y - first.y);
  return { points, bar, barPart: (bar * scale) / 100, drift, length };
}

/** How much longer than they are the arrows of a field are drawn, for the longest to be seen. */
export function arrowScale(patches: readonly { dx: number; dy: number }[], room: number): number {
  const longest = Math.max(0, ...patches.map(({ dx, dy }) => Math.hypot(dx, dy)));
  return longest > 0 ? room / longest : 0;
}
