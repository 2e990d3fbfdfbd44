/** Where the items of each column stand across the flow: near what they are linked to, apart enough. */

import type { Item, Piece } from "./ranks";

const ROUNDS = 14;

/**
 * The middle of each item. Links are as straight as the least distances allow, those between the
 * places where links only pass most of all. Only pieces within these columns pull.
 */
export function levels(
  columns: readonly Item[][],
  pieces: readonly Piece[],
  gap: number,
): Map<string, number> {
  const middle = new Map<string, number>();
  for (const column of columns) {
    let at = 0;
    for (const item of column) {
      middle.set(item.id, at + item.height / 2);
      at += item.height + gap;
    }
  }
  const passing = new Set(columns.flat().flatMap((item) => (item.box ? [] : [item.id])));
  const ours = pieces.filter((piece) => middle.has(piece.from) && middle.has(piece.to));
  for (let round = 0; round < ROUNDS; round += 1) {
    const order = round % 2 === 0 ? columns : [...columns].reverse();
    for (const column of order) settle(column, ours, middle, passing, gap);
  }
  const lowest = Math.min(
    ...columns.flat().map((item) => (middle.get(item.id) ?? 0) - item.height / 2),
  );
  for (const [id, at] of middle) middle.set(id, at - lowest);
  return middle;
}

function settle(
  column: readonly Item[],
  pieces: readonly Piece[],
  middle: Map<string, number>,
  passing: ReadonlySet<string>,
  gap: number,
): void {
  const wanted = column.map((item) => pull(item, pieces, middle, passing));
  const least = column.map((item, index) => {
    const before = column[index - 1];
    return before ? (before.height + item.height) / 2 + gap : 0;
  });
  apart(wanted, least).forEach((at, index) => {
    const item = column[index];
    if (item) middle.set(item.id, at);
  });
}

function pull(
  item: Item,
  pieces: readonly Piece[],
  middle: ReadonlyMap<string, number>,
  passing: ReadonlySet<string>,
): { at: number; weight: number } {
  let sum = 0;
  let weight = 0;
  for (const piece of pieces) {
    const inward = piece.to === item.id;
    if (!inward && piece.from !== item.id) continue;
    const other = inward ? piece.from : piece.to;
    const shift = inward ? piece.leaves - piece.enters : piece.enters - piece.leaves;
    const both = Number(passing.has(piece.from)) + Number(passing.has(piece.to));
    const pulls = [1, 2, 6][both] ?? 1;
    sum += pulls * ((middle.get(other) ?? 0) + shift);
    weight += pulls;
  }
  return weight ? { at: sum / weight, weight } : { at: middle.get(item.id) ?? 0, weight: 0.1 };
}

/**
 * Places nearest to those wanted (least squares) with at least these distances from the one before.
 * With the distances taken off, places may not fall: neighbours that do are pooled.
 */
export function apart(
  wanted: readonly { at: number; weight: number }[],
  least: readonly number[],
): number[] {
  const pools: { mean: number; weight: number; count: number }[] = [];
  const offsets: number[] = [];
  let offset = 0;
  wanted.forEach(({ at, weight }, index) => {
    offset += least[index] ?? 0;
    offsets.push(offset);
    let pool = { mean: at - offset, weight, count: 1 };
    for (let last = pools.at(-1); last && last.mean > pool.mean; last = pools.at(-1)) {
      pools.pop();
      const sum = last.weight + pool.weight;
      pool = {
        mean: (last.mean * last.weight + pool.mean * pool.weight) / sum,
        weight: sum,
        count: last.count + pool.count,
      };
    }
    pools.push(pool);
  });
  const places = pools.flatMap((pool) => Array.from({ length: pool.count }, () => pool.mean));
  return places.map((mean, index) => mean + (offsets[index] ?? 0));
}
