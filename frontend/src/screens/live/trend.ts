// What a plot of a quality over time draws: values on the left, their histogram at the right, one
// axis for both; outliers at the edge, limits across, what is brushed in front of the rest.

import { clamp, fitAxis, median, type Fitted } from "../measured/axes";
import { drawnEnds, type DrawnEnd } from "../measured/limits";
import type { Columns, Quality } from "../measured/types";

/** Time, value on the axis, and the exposure's place in the columns. */
export type Dot = [number, number, number];

export interface Trend {
  axis: Fitted;
  ends: DrawnEnd[];
  /** Dots by how they are drawn; those that are clipped lie at the edge. */
  kept: Dot[];
  refused: Dot[];
  clipped: Dot[];
  /** Not brushed, while others are. */
  pale: Dot[];
  /** Medians of runs of exposures; empty where there are few. Null breaks the line. */
  middle: [number, number | null][];
  /** Time, lowest and highest value of runs of exposures, in unbroken pieces. */
  band?: [number, number, number][][];
  /** Between which values of this session lie, as a rule. */
  control?: { low: number | null; high: number } | null;
  /** Dots outside of that. */
  strange?: Dot[];
  /** Counts of kept and refused values in bins of equal width along the axis. */
  bins: { low: number; step: number; kept: number[]; refused: number[] };
  /** Median of the newest values, as shown. */
  recent: number | null;
}

const RUNS = 60;
const MANY = 400;
/** Exposures of a run: the median of fewer jumps about. */
const LEAST = 15;
const BINS = 24;
const FEW = 60;
const FEW_BINS = 12;
const RECENT = 50;

/** The plot of a quality; null where nothing is measured. */
export function trendOf(columns: Columns, quality: Quality, mask: Uint8Array | null): Trend | null {
  const stored = columns.columns[quality.name];
  if (!stored) return null;
  const values = stored.map((value) => (value === null ? null : value * quality.scale));
  const ends = drawnEnds(quality.limits);
  const axis = fitAxis(
    values,
    ends.map(({ value }) => value),
  );
  if (axis === null) return null;
  const trend: Trend = {
    axis,
    ends: ends.filter(({ value }) => value >= axis.low && value <= axis.high),
    kept: [],
    refused: [],
    clipped: [],
    pale: [],
    middle: runMedians(columns.time, values),
    bins: emptyBins(axis, quality.whole, columns.shown < FEW ? FEW_BINS : BINS),
    recent: median(values.filter((value) => value !== null).slice(-RECENT)),
  };
  values.forEach((value, index) => {
    if (value !== null) place(trend, value, index, columns, mask);
  });
  return trend;
}

function place(
  trend: Trend,
  value: number,
  index: number,
  columns: Columns,
  mask: Uint8Array | null,
): void {
  const { low, high } = trend.axis;
  const dot: Dot = [columns.time[index] ?? 0, clamp(value, low, high), index];
  const refused = columns.state[index] === "r" || columns.state[index] === "f";
  if (mask !== null && !mask[index]) {
    trend.pale.push(dot);
    return;
  }
  if (value < low || value > high) trend.clipped.push(dot);
  else if (refused) trend.refused.push(dot);
  else trend.kept.push(dot);
  const { bins } = trend;
  const bin = clamp(Math.floor((value - bins.low) / bins.step), 0, bins.kept.length - 1);
  const counts = refused ? bins.refused : bins.kept;
  counts[bin] = (counts[bin] ?? 0) + 1;
}

function emptyBins(axis: Fitted, whole: boolean, most: number): Trend["bins"] {
  const length = axis.high - axis.low;
  const step = whole ? Math.max(1, Math.ceil(length / most)) : length / most;
  const count = Math.max(1, Math.ceil(length / step));
  return {
    low: axis.low,
    step,
    kept: new Array<number>(count).fill(0),
    refused: new Array<number>(count).fill(0),
  };
}

function runMedians(time: readonly number[], values: readonly (number | null)[]): Trend["middle"] {
  const known = values.flatMap((value, index) => (value === null ? [] : [index]));
  if (known.length < MANY) return [];
  known.sort((one, two) => (time[one] ?? 0) - (time[two] ?? 0));
  const size = Math.max(LEAST, Math.ceil(known.length / RUNS));
  const found: Trend["middle"] = [];
  for (let start = 0; start < known.length; start += size) {
    const run = known.slice(start, start + size);
    const middle = median(run.map((index) => values[index]));
    const when = median(run.map((index) => time[index]));
    if (middle !== null && when !== null) found.push([when, middle]);
  }
  return found;
}

/** What lies beyond the axis, in words: "2 above, 1 below"; empty where nothing does. */
export function clippedWords({ above, below }: Fitted): string {
  return [above && `${above} above`, below && `${below} below`].filter(Boolean).join(", ");
}

/** Numbers of the exposures that lie in a span of time: the first and the last; null for none. */
export function numbersIn(columns: Columns, from: number, to: number): [number, number] | null {
  let [first, last] = [Infinity, -Infinity];
  columns.time.forEach((time, index) => {
    if (time < from || time > to) return;
    const number = columns.number[index] ?? 0;
    first = Math.min(first, number);
    last = Math.max(last, number);
  });
  return first <= last ? [first, last] : null;
}
