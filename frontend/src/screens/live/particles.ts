// Particles over time, and how many there will be.

export interface Point {
  time: number;
  total: number;
}

/** The running sum over time of what the accepted exposures hold; unknown counts add nothing. */
export function runningTotal(
  time: readonly number[],
  counts: readonly (number | null)[],
  state: readonly string[],
): Point[] {
  const order = time
    .map((_, index) => index)
    .sort((one, two) => (time[one] ?? 0) - (time[two] ?? 0));
  let total = 0;
  const points: Point[] = [];
  for (const index of order) {
    const count = counts[index];
    if (typeof count !== "number" || state[index] === "r" || state[index] === "f") continue;
    total += count;
    points.push({ time: time[index] ?? 0, total });
  }
  return points;
}

export interface Outlook {
  /** Particles an hour over the last hour of the data. */
  perHour: number;
  /** At the end of what is drawn. */
  at: number;
  total: number;
  low: number;
  high: number;
}

const HOUR = 3600;
const FEWEST = 8;

/**
 * Where it goes if it goes on like the last hour: the rate, and the total after `ahead` seconds,
 * within what the rates of six parts of that hour differ by. Null where there is too little.
 */
export function outlook(points: readonly Point[], ahead: number): Outlook | null {
  const last = points.at(-1);
  if (!last) return null;
  const recent = points.filter((point) => point.time >= last.time - HOUR);
  const first = recent[0];
  if (!first || recent.length < FEWEST || last.time - first.time < 120) return null;
  const span = last.time - first.time;
  const rate = (last.total - first.total) / span;
  const parts = partRates(recent, first.time, span, 6);
  const mean = parts.reduce((sum, each) => sum + each, 0) / parts.length;
  const spread = Math.sqrt(
    parts.reduce((sum, each) => sum + (each - mean) ** 2, 0) / Math.max(1, parts.length - 1),
  );
  const error = (2 * spread) / Math.sqrt(parts.length);
  return {
    perHour: rate * HOUR,
    at: last.time + ahead,
    total: last.total + rate * ahead,
    low: last.total + Math.max(0, rate - error) * ahead,
    high: last.total + (rate + error) * ahead,
  };
}

function partRates(points: readonly Point[], start: number, span: number, parts: number): number[] {
  const ends = Array.from({ length: parts + 1 }, (_, index) => start + (span * index) / parts);
  const totals = ends.map((end) => {
    let total = points[0]?.total ?? 0;
    for (const point of points) if (point.time <= end) total = point.total;
    return total;
  });
  return totals.slice(1).map((total, index) => (total - (totals[index] ?? 0)) / (span / parts));
}

/** Thinned out for drawing: at most `most` points, the last always among them. */
export function thinned<T>(points: readonly T[], most: number): T[] {
  if (points.length <= most) return [...points];
  const stride = (points.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, index) => points[Math.round(index * stride)] as T);
}
