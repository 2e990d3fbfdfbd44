// Linked brushing: what is marked in one plot is marked in all, and opens the table filtered to it.

import type { Columns, StateLetter } from "./types";

/** What is marked; each part that is set must hold. Values are as stored, ends are included. */
export interface Brush {
  /** Where the mark was made, so that only that plot draws its frame. */
  from: string;
  numbers?: readonly [number, number];
  quality?: string;
  range?: readonly [number, number];
  squares?: readonly string[];
  states?: readonly StateLetter[];
}

/** A brush without an extent marks nothing, and is none. */
export function isEmpty(brush: Brush | null): boolean {
  if (brush === null) return true;
  const { numbers, range, squares, states } = brush;
  return !(
    numbers ??
    range ??
    (squares?.length ? squares : null) ??
    (states?.length ? states : null)
  );
}

/** Which exposures of the columns are marked; null where nothing is, so that all look the same. */
export function marked(brush: Brush | null, columns: Columns): Uint8Array | null {
  if (brush === null || isEmpty(brush)) return null;
  const { numbers, quality, range, squares, states } = brush;
  const values = quality === undefined ? undefined : columns.columns[quality];
  const found = new Uint8Array(columns.number.length);
  for (let index = 0; index < found.length; index += 1) {
    const number = columns.number[index] ?? 0;
    if (numbers && (number < numbers[0] || number > numbers[1])) continue;
    if (range) {
      const value = values?.[index];
      if (typeof value !== "number" || value < range[0] || value > range[1]) continue;
    }
    if (squares?.length && !squares.includes(columns.square[index] ?? "")) continue;
    if (states?.length && !states.includes(columns.state[index] ?? "p")) continue;
    found[index] = 1;
  }
  return found;
}

/** How many are marked. */
export function countMarked(mask: Uint8Array | null): number {
  if (mask === null) return 0;
  let count = 0;
  for (const one of mask) count += one;
  return count;
}

const STATE_NAMES: Readonly<Record<StateLetter, string>> = {
  p: "pending",
  a: "accepted",
  r: "rejected",
  f: "failed",
};

/** An end that is infinite is open. */
const plain = (value: number): string =>
  Number.isFinite(value) ? String(Number(value.toPrecision(6))) : "";

/** The marked range of a quality, as the server's filter `where` takes it; null where there is none. */
export const rangeFilter = ({ quality, range }: Brush): string | null =>
  quality === undefined || !range ? null : `${quality}:${plain(range[0])}:${plain(range[1])}`;

/** The same as the filter of the table: the part of its address after the question mark. */
export function brushQuery(brush: Brush): string {
  const query = new URLSearchParams();
  if (brush.numbers) {
    query.append("where", `number:${Math.ceil(brush.numbers[0])}:${Math.floor(brush.numbers[1])}`);
  }
  const range = rangeFilter(brush);
  if (range !== null) query.append("where", range);
  for (const square of brush.squares ?? []) query.append("square", square);
  for (const state of brush.states ?? []) query.append("state", STATE_NAMES[state]);
  return query.toString();
}
