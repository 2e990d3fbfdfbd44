import type { ComparedQuality } from "./types";

/** Bins of the differences of each exposure with itself. */
export interface Bins {
  edges: number[];
  counts: number[];
}

const BINS = 20;

/** How often each difference (new less old, as shown) occurs; 0 lies on an edge. */
export function differenceBins(quality: ComparedQuality): Bins {
  const values = quality.points.map((point) => (point.new - point.old) * quality.scale);
  const most = Math.max(...values.map(Math.abs), 0);
  if (most === 0) return { edges: [-1, 1], counts: [values.length] };
  const width = (2 * most) / BINS;
  const counts = Array.from({ length: BINS }, () => 0);
  for (const value of values) {
    const bin = Math.min(BINS - 1, Math.floor((value + most) / width));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { edges: Array.from({ length: BINS + 1 }, (_, edge) => edge * width - most), counts };
}

/** Whether more or less of a quality is better; null where that is not said or cannot be told. */
export function betterWay({ better, higher, lower }: ComparedQuality): "above" | "below" | null {
  if (better === null || higher === lower) return null;
  return better === higher ? "above" : "below";
}

/** The quality to look at first: one that differs by more than chance, else the first. */
export function leading(qualities: readonly ComparedQuality[]): ComparedQuality | undefined {
  const plotted = qualities.filter((one) => one.points.length > 0 && (one.higher || one.lower));
  return plotted.find((one) => one.tone) ?? plotted[0];
}
