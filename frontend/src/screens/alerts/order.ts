// Alerts as people read them: what holds before what has passed, the worst first.

export type Level = "critical" | "warning" | "notice";

export interface AlertLike {
  level: string;
  cleared: number | null;
  raised: number;
  acknowledged: number | null;
  muted: number | null;
}

const RANK: Readonly<Record<string, number>> = { critical: 0, warning: 1, notice: 2 };
const rank = (level: string): number => RANK[level] ?? 3;

/** Open ones by severity, those that nobody takes care of first; then those that have passed. */
export function inOrder<T extends AlertLike>(alerts: readonly T[]): T[] {
  return [...alerts].sort((one, two) => {
    const open = Number(one.cleared !== null) - Number(two.cleared !== null);
    if (open) return open;
    if (one.cleared !== null && two.cleared !== null) return two.cleared - one.cleared;
    return (
      rank(one.level) - rank(two.level) ||
      Number(one.acknowledged !== null) - Number(two.acknowledged !== null) ||
      two.raised - one.raised
    );
  });
}

export interface Tally {
  critical: number;
  warning: number;
  notice: number;
  passed: number;
}

export function tally(alerts: readonly AlertLike[]): Tally {
  const counts: Tally = { critical: 0, warning: 0, notice: 0, passed: 0 };
  for (const alert of alerts) {
    if (alert.cleared !== null) counts.passed += 1;
    else if (alert.level === "critical") counts.critical += 1;
    else if (alert.level === "warning") counts.warning += 1;
    else counts.notice += 1;
  }
  return counts;
}

/** In words: "1 critical, 2 warnings, 3 notices". */
export function tallyWords(counts: Tally): string {
  const many = (count: number, one: string): string => `${count} ${one}${count === 1 ? "" : "s"}`;
  const said = [
    counts.critical && `${counts.critical} critical`,
    counts.warning && many(counts.warning, "warning"),
    counts.notice && many(counts.notice, "notice"),
  ].filter(Boolean);
  return said.length > 0 ? said.join(", ") : "No alerts";
}

export interface Span {
  /** Parts of the whole width, 0 to 1. */
  from: number;
  to: number;
  lane: number;
}

/** Bars on a timeline: each alert gets the first lane in which nothing overlaps it. */
export function lanes(
  spans: readonly { since: number; until: number | null }[],
  start: number,
  end: number,
  least = 0.006,
): Span[] {
  const length = Math.max(1, end - start);
  const ends: number[] = [];
  const sorted = spans
    .map((span, index) => ({ span, index }))
    .sort((one, two) => one.span.since - two.span.since);
  const found: Span[] = [];
  for (const { span, index } of sorted) {
    const from = Math.min(1, Math.max(0, (span.since - start) / length));
    const raw = span.until === null ? 1 : (span.until - start) / length;
    const to = Math.min(1, Math.max(from + least, raw));
    let lane = ends.findIndex((taken) => taken <= from);
    if (lane < 0) lane = ends.push(0) - 1;
    ends[lane] = to + 0.002;
    found[index] = { from, to, lane };
  }
  return found;
}
