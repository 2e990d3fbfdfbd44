// Limits of selections and monitors beside the values that they are about.

import type { LimitLine } from "./types";

export type Breach = "refuses" | "warns" | null;

const isBeyond = (value: number, line: LimitLine): boolean =>
  (line.low !== null && value < line.low) || (line.high !== null && value > line.high);

/**
 * Whether a value lies beyond a limit, and what that means for it: what refuses outweighs what
 * warns. The value is in the unit that is shown, as limits are.
 */
export function breach(value: number | null | undefined, lines: readonly LimitLine[]): Breach {
  if (value === null || value === undefined || !Number.isFinite(value)) return null;
  const broken = lines.filter((line) => isBeyond(value, line));
  if (broken.length === 0) return null;
  return broken.some((line) => line.refuses) ? "refuses" : "warns";
}

/** One line across a plot. */
export interface DrawnEnd {
  value: number;
  refuses: boolean;
  title: string;
  side: "low" | "high";
}

/** The ends of all limits; where one refuses and another warns at one value, the first is kept. */
export function drawnEnds(lines: readonly LimitLine[]): DrawnEnd[] {
  const ends: DrawnEnd[] = [];
  for (const line of [...lines].sort((one, two) => Number(two.refuses) - Number(one.refuses))) {
    for (const side of ["low", "high"] as const) {
      const value = line[side];
      if (value === null || ends.some((end) => end.side === side && end.value === value)) continue;
      ends.push({ value, refuses: line.refuses, title: line.title, side });
    }
  }
  return ends;
}

/** The range that no refusing limit cuts: the tightest of all, open where there is none. */
export function acceptedRange(lines: readonly LimitLine[]): [number | null, number | null] {
  let low: number | null = null;
  let high: number | null = null;
  for (const line of lines) {
    if (!line.refuses) continue;
    if (line.low !== null) low = low === null ? line.low : Math.max(low, line.low);
    if (line.high !== null) high = high === null ? line.high : Math.min(high, line.high);
  }
  return [low, high];
}
