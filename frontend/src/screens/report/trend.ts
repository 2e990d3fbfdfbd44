// Trends as they are told in runs, as the plots of the first screen draw them.

import type { Trend } from "@/screens/live/trend";
import { clamp } from "@/screens/measured/axes";
import { drawnEnds } from "@/screens/measured/limits";
import type { Quality } from "@/screens/measured/types";
import type { Control, FileTrend, TrendsFile } from "./types";

/** Seconds without an exposure after which the line of medians is broken. */
const GAP = 600;

/** The plot of a quality: one dot for an exposure, or line and band for runs of them. */
export function trendFrom(told: FileTrend, file: TrendsFile, quality: Quality): Trend {
  const { low, high } = told.range;
  const runs = file.width > 1;
  const known = told.mid
    .flatMap((value, index) =>
      value === null ? [] : [{ index, value, time: timeAt(file, index) }],
    )
    .sort((one, two) => one.time - two.time);
  const trend: Trend = {
    axis: { low, high, below: told.beyond[0], above: told.beyond[1] },
    ends: drawnEnds(quality.limits).filter(({ value }) => value >= low && value <= high),
    kept: [],
    refused: [],
    clipped: [],
    pale: [],
    middle: [],
    band: [],
    bins: binsOf(told),
    recent: told.median,
    control: told.control,
    strange: [],
  };
  for (const { index, value, time } of known) {
    const dot: [number, number, number] = [time, clamp(value, low, high), index];
    const [least, most] = [told.low?.[index] ?? value, told.high?.[index] ?? value];
    if (most > high) trend.clipped.push([time, high, index]);
    if (least < low) trend.clipped.push([time, low, index]);
    if (!runs && value >= low && value <= high)
      (file.rejected[index] ? trend.refused : trend.kept).push(dot);
    // Nearly nothing to be seen, but something to be pointed at and pressed.
    if (runs) trend.kept.push(dot);
    for (const one of new Set([least, most]))
      if (isOutside(one, told.control)) trend.strange?.push([time, clamp(one, low, high), index]);
  }
  if (runs) withBand(trend, told, known, file);
  return trend;
}

const timeAt = ({ time }: TrendsFile, index: number): number => time[index] ?? 0;

/** Whether a value is not like the rest of the session. */
export const isOutside = (value: number, control: Control | null): boolean =>
  control !== null && ((control.low !== null && value < control.low) || value > control.high);

interface Known {
  index: number;
  value: number;
  time: number;
}

function withBand(trend: Trend, told: FileTrend, known: readonly Known[], file: TrendsFile): void {
  const times = known.map(({ time }) => time);
  const span = (times.at(-1) ?? 0) - (times[0] ?? 0);
  const gap = Math.max(GAP, (span / Math.max(1, file.time.length)) * 6);
  let piece: [number, number, number][] = [];
  for (const { index, value, time } of known) {
    const last = piece.at(-1);
    if (last && time - last[0] > gap) {
      trend.band?.push(piece);
      trend.middle.push([time, null]);
      piece = [];
    }
    piece.push([time, told.low?.[index] ?? value, told.high?.[index] ?? value]);
    trend.middle.push([time, clamp(value, trend.axis.low, trend.axis.high)]);
  }
  if (piece.length > 0) trend.band?.push(piece);
}

/** The file's bins laid on the axis, which limits may have made longer. */
function binsOf({ histogram, range: { low, high } }: FileTrend): Trend["bins"] {
  const step = histogram.step > 0 ? histogram.step : (high - low) / 24 || 1;
  const count = Math.max(1, Math.ceil((high - low) / step - 1e-9));
  const bins = {
    low,
    step,
    kept: new Array<number>(count).fill(0),
    refused: new Array<number>(count).fill(0),
  };
  histogram.kept.forEach((kept, index) => {
    const middle = histogram.low + (index + 0.5) * histogram.step;
    const bin = clamp(Math.floor((middle - low) / step), 0, count - 1);
    bins.kept[bin] = (bins.kept[bin] ?? 0) + kept;
    bins.refused[bin] = (bins.refused[bin] ?? 0) + (histogram.rejected[index] ?? 0);
  });
  return bins;
}
