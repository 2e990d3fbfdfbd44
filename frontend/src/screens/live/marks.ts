// What a brush marks on the map: squares drawn as boxes, and the holes of one.

import type { Brush } from "../measured/brush";
import { isEmpty } from "../measured/brush";
import type { Columns, StateLetter } from "../measured/types";
import type { Squares } from "./squares";

export interface Marks {
  /** Whether anything on a square is marked. */
  square: (name: string) => boolean;
  /** Whether an exposure is, by its place in the columns of the map. */
  exposure: (index: number) => boolean;
}

/** What tells which exposures lie in the brushed range of a quality that the map does not show. */
export interface Known {
  columns: Columns | null;
  mask: Uint8Array | null;
  /** Numbers that the server says; null where it was not asked, or has not answered. */
  matching: ReadonlySet<number> | null;
}

/**
 * Whether the server has to say which holes are marked: the range is of another quality than the
 * map's, and the columns were thinned out.
 */
export const mustAsk = (brush: Brush | null, map: Squares, columns: Columns | null): boolean =>
  brush?.range !== undefined &&
  brush.quality !== map.quality &&
  map.places !== null &&
  (columns === null || columns.shown < columns.total);

/** What the brush marks; null where nothing is brushed, so that all look the same. */
export function marksOf(brush: Brush | null, map: Squares, known: Known): Marks | null {
  if (brush === null || isEmpty(brush)) return null;
  const squares = markedSquares(brush, known);
  return { square: (name) => squares.has(name), exposure: exposureMarks(brush, map, known) };
}

/** Of columns that were thinned out, as far as they tell: the plots beside show no more. */
function markedSquares(brush: Brush, { columns, mask }: Known): ReadonlySet<string> {
  const { numbers, range, states, squares } = brush;
  if (!numbers && !range && !states?.length) return new Set(squares);
  const found = new Set<string>();
  mask?.forEach((one, index) => {
    if (one) found.add(columns?.square[index] ?? "");
  });
  return found;
}

function exposureMarks(brush: Brush, map: Squares, known: Known): (index: number) => boolean {
  const { places } = map;
  if (!places) return () => false;
  const { numbers, squares, states, range, quality } = brush;
  const inRange =
    quality === map.quality ? rangeOfMap(range, places.value) : rangeElsewhere(brush, map, known);
  return (index) => {
    const at = places.number[index] ?? 0;
    if (numbers && (at < numbers[0] || at > numbers[1])) return false;
    const name = map.squares[places.square[index] ?? -1]?.name ?? "";
    if (squares?.length && !squares.includes(name)) return false;
    if (states?.length && !states.includes((places.state[index] ?? "p") as StateLetter)) {
      return false;
    }
    return !range || inRange(index);
  };
}

const rangeOfMap =
  (range: Brush["range"], values: readonly (number | null)[]) =>
  (index: number): boolean => {
    const value = values[index];
    return !range || (typeof value === "number" && value >= range[0] && value <= range[1]);
  };

/** By the numbers of exposures: those that the server said, or that the columns tell. */
function rangeElsewhere({ quality, range }: Brush, map: Squares, { columns, matching }: Known) {
  const values = columns?.columns[quality ?? ""];
  const inside = new Set(matching);
  columns?.number.forEach((number, index) => {
    const value = values?.[index];
    if (range && typeof value === "number" && value >= range[0] && value <= range[1]) {
      inside.add(number);
    }
  });
  return (index: number): boolean => inside.has(map.places?.number[index] ?? 0);
}
