// Fitting values to axes: outliers are clipped, and said to be, instead of flattening the rest.

/** Ends of an axis and how many values lie beyond each. */
export interface Fitted {
  low: number;
  high: number;
  below: number;
  above: number;
}

const SPREADS = 3;
const FEW = 3;
const LEAST = 1e-3;

/** Ends of the values but for the few that lie far from all others. */
function innerEnds(ordered: Float64Array): [number, number] {
  const count = ordered.length;
  const first = ordered[0] ?? 0;
  const last = ordered[count - 1] ?? 0;
  if (count <= FEW) return [first, last];
  const cut = Math.max(1, Math.min(Math.floor(count / 20), 10), Math.floor(count / 100));
  const low = ordered[cut] ?? first;
  const high = ordered[count - 1 - cut] ?? last;
  const middle = Math.abs(ordered[Math.floor(count / 2)] ?? 0);
  const reach = Math.max(SPREADS * (high - low), 0.5 * middle);
  let from = 0;
  let to = count - 1;
  while (from < cut && (ordered[from] ?? low) < low - reach) from += 1;
  while (to > count - 1 - cut && (ordered[to] ?? high) > high + reach) to -= 1;
  return [ordered[from] ?? low, ordered[to] ?? high];
}

/**
 * An axis for values and the limits that lie near them.
 *
 * One in twenty values, at most ten, or one in a hundred of many, may lie so far from the others
 * that the axis leaves them out. Limits widen the axis where they lie within 0.6 of its length.
 */
export function fitAxis(
  values: Iterable<number | null | undefined>,
  limits: readonly number[] = [],
): Fitted | null {
  const known = Float64Array.from(finite(values)).sort();
  if (known.length === 0) return null;
  let [low, high] = innerEnds(known);
  const least = (known.length > FEW ? 0.02 : 0.4) * Math.abs(high);
  const spread = Math.max(high - low, least, LEAST);
  const room = 0.06 * spread + 0.5 * (spread - (high - low));
  const positive = (known[0] ?? 0) >= 0;
  low = positive ? Math.max(0, low - room) : low - room;
  high += room;
  const [first, last] = [low, high];
  const near = 0.6 * (last - first);
  for (const limit of limits) {
    if (limit < first - near || limit > last + near) continue;
    const edge = 0.04 * (last - first);
    low = Math.min(low, positive ? Math.max(0, limit - edge) : limit - edge);
    high = Math.max(high, limit + edge);
  }
  let below = 0;
  let above = 0;
  for (const value of known) {
    if (value < low) below += 1;
    else if (value > high) above += 1;
  }
  return { low, high, below, above };
}

function* finite(values: Iterable<number | null | undefined>): Generator<number> {
  for (const value of values) {
    if (typeof value === "number" && Number.isFinite(value)) yield value;
  }
}

/** Values at 1, 2 or 5 times a power of ten between the ends. */
export function ticks(low: number, high: number, wanted: number): number[] {
  const raw = (high - low) / Math.max(1, wanted);
  if (!(raw > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = [1, 2, 5, 10].find((each) => each * power >= raw * 0.999) ?? 10;
  const step = factor * power;
  const found: number[] = [];
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + step * 1e-6; index += 1) {
    found.push(index === 0 ? 0 : Number((index * step).toPrecision(12)));
  }
  return found;
}

/** A value kept within the ends. */
export const clamp = (value: number, low: number, high: number): number =>
  Math.min(high, Math.max(low, value));

/** The middle of some values; null where there are none. */
export function median(values: Iterable<number | null | undefined>): number | null {
  const known = Float64Array.from(finite(values)).sort();
  const half = known.length >> 1;
  if (known.length === 0) return null;
  const upper = known[half] ?? 0;
  return known.length % 2 ? upper : 0.5 * ((known[half - 1] ?? 0) + upper);
}
