// Layout of the map of the grid: where squares and holes lie on the screen, and what is under a point.

/** One exposure on the map; positions on the stage in µm. */
export interface Place {
  number: number;
  name: string;
  state: "p" | "a" | "r" | "f";
  square: string;
  x: number;
  y: number;
  /** As stored; null where it was not measured. */
  value: number | null;
}

/** From µm on the stage to pixels: y is up, both axes alike. */
export interface View {
  factor: number;
  x: (value: number) => number;
  y: (value: number) => number;
}

export interface SquareBox {
  name: string;
  count: number;
  rejected: number;
  failed: number;
  median: number | null;
  left: number;
  top: number;
  width: number;
  height: number;
}

const MARGIN = 30;
const FOOT = 26;
const LEAST_SIDE = 24;

/** Fit the places into a picture of a width and height in pixels. */
export function fitView(places: readonly Place[], width: number, height: number): View {
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const place of places) {
    left = Math.min(left, place.x);
    right = Math.max(right, place.x);
    bottom = Math.min(bottom, place.y);
    top = Math.max(top, place.y);
  }
  if (!Number.isFinite(left)) [left, right, bottom, top] = [0, 1, 0, 1];
  const across = (width - 2 * MARGIN) / Math.max(right - left, 1);
  const down = (height - 2 * MARGIN - FOOT) / Math.max(top - bottom, 1);
  const factor = Math.max(1e-6, Math.min(across, down));
  return {
    factor,
    x: (value) => width / 2 + (value - (left + right) / 2) * factor,
    y: (value) => (height - FOOT) / 2 - (value - (top + bottom) / 2) * factor,
  };
}

/** The squares as boxes around their places, no smaller than can be pressed. */
export function squareBoxes(
  places: readonly Place[],
  view: View,
  medianOf: (values: readonly number[]) => number | null,
): SquareBox[] {
  const groups = new Map<string, Place[]>();
  for (const place of places) {
    const group = groups.get(place.square);
    if (group) group.push(place);
    else groups.set(place.square, [place]);
  }
  return [...groups].map(([name, group]) => {
    let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
    const values: number[] = [];
    for (const place of group) {
      const [x, y] = [view.x(place.x), view.y(place.y)];
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
      if (place.value !== null && place.state !== "f") values.push(place.value);
    }
    const grownX = Math.max(0, (LEAST_SIDE - (right - left)) / 2) + 3;
    const grownY = Math.max(0, (LEAST_SIDE - (bottom - top)) / 2) + 3;
    return {
      name,
      count: group.length,
      rejected: group.filter((place) => place.state === "r").length,
      failed: group.filter((place) => place.state === "f").length,
      median: medianOf(values),
      left: left - grownX,
      top: top - grownY,
      width: right - left + 2 * grownX,
      height: bottom - top + 2 * grownY,
    };
  });
}

/** Places without a position are laid out by square, hole by hole, so that they can be seen too. */
export function withoutStage(places: readonly Omit<Place, "x" | "y">[]): {
  places: Place[];
  columns: number;
} {
  const squares = [...new Set(places.map((place) => place.square))];
  const columns = Math.max(1, Math.ceil(Math.sqrt(squares.length * 1.6)));
  const most = Math.max(
    1,
    ...squares.map((name) => places.filter((p) => p.square === name).length),
  );
  const side = Math.ceil(Math.sqrt(most));
  const gap = side + 2;
  const seen = new Map<string, number>();
  const laid = places.map((place) => {
    const index = squares.indexOf(place.square);
    const order = seen.get(place.square) ?? 0;
    seen.set(place.square, order + 1);
    return {
      ...place,
      x: (index % columns) * gap + (order % side),
      y: -(Math.floor(index / columns) * gap + Math.floor(order / side)),
    };
  });
  return { places: laid, columns };
}

/** The square under a point; undefined where there is none. */
export const squareAt = (
  boxes: readonly SquareBox[],
  x: number,
  y: number,
): SquareBox | undefined =>
  boxes.find(
    (box) =>
      x >= box.left - 2 &&
      x <= box.left + box.width + 2 &&
      y >= box.top - 2 &&
      y <= box.top + box.height + 2,
  );

/** The place nearest to a point, within a reach in pixels. */
export function placeAt(
  places: readonly Place[],
  view: View,
  x: number,
  y: number,
  reach: number,
): Place | undefined {
  let best: Place | undefined;
  let least = reach;
  for (const place of places) {
    const away = Math.hypot(view.x(place.x) - x, view.y(place.y) - y);
    if (away < least) [best, least] = [place, away];
  }
  return best;
}

/** How large a hole is drawn: they must not overlap, nor vanish. */
export const holeRadius = (view: View): number =>
  Math.max(2, Math.min(8, 1.1 * view.factor * 0.42));

/** A round length in µm of at most so many pixels, for the bar below the map. */
export function barLength(view: View, most: number): number {
  const room = most / view.factor;
  const power = 10 ** Math.floor(Math.log10(room));
  const factor = [5, 2, 1].find((each) => each * power <= room) ?? 1;
  return factor * power;
}

/** Whether a value lies above (1) or below (-1) what the colours show. */
export const beyond = (
  value: number | null,
  range: readonly [number, number] | null,
): 1 | 0 | -1 =>
  value === null || range === null ? 0 : value > range[1] ? 1 : value < range[0] ? -1 : 0;

/** What the colours do not tell of the holes: "2 above, 1 below, 3 not measured". */
export function offScale(
  values: readonly (number | null)[],
  range: readonly [number, number] | null,
): string {
  const count = (way: number): number => values.filter((one) => beyond(one, range) === way).length;
  const none = values.filter((value) => value === null).length;
  return [
    count(1) > 0 && `▲ ${count(1)} above`,
    count(-1) > 0 && `▼ ${count(-1)} below`,
    none > 0 && `○ ${none} not measured`,
  ]
    .filter(Boolean)
    .join(", ");
}
