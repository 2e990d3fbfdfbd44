// Whether the microscope is still delivering: the age of the last movie against what is usual.

export type Freshness = "delivering" | "late" | "quiet" | "unknown" | "ended";

const LATE = 2;
const QUIET = 5;
const SHORTEST = 120;

/** The usual time between two movies in seconds: the median of the last; null where unknown. */
export function usualGap(times: readonly number[], last = 50): number | null {
  const recent = [...times].sort((one, two) => one - two).slice(-last - 1);
  if (recent.length < 4) return null;
  const gaps = recent.slice(1).map((time, index) => time - (recent[index] ?? time));
  gaps.sort((one, two) => one - two);
  const gap = gaps[gaps.length >> 1] ?? 0;
  return gap > 0 ? gap : null;
}

/** What an age says: late after twice the usual gap, quiet after five times, never within 2 min. */
export function freshness(age: number | null, usual: number | null, finished: boolean): Freshness {
  if (finished) return "ended";
  if (age === null || usual === null) return "unknown";
  if (age > Math.max(QUIET * usual, SHORTEST)) return "quiet";
  return age > Math.max(LATE * usual, SHORTEST / 2) ? "late" : "delivering";
}

/** Where the age stands on a scale from 0 to 1: 0.2 is the usual gap, 1 is quiet. */
export const agePart = (age: number, usual: number): number =>
  Math.min(1, age / Math.max(QUIET * usual, SHORTEST));
