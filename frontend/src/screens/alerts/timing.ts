// The time that a timeline shows, and rates in it.

import { fullMoment, moment } from "@/units";

/** Something that a person or the session changed; `at` is in the time of the timeline. */
export interface Change {
  time: number;
  at: number;
  until: number;
  count: number;
  who: string;
  by_session: boolean;
  what: string;
}

/** Exposures by span of time: `width` seconds each. */
export interface Tempo {
  start: number;
  width: number;
  /** Whether it is known when they were taken; else when they were found. */
  known: boolean;
  taken: readonly number[];
  settled: readonly number[];
}

const MINUTE = 60;
const HOUR = 3600;
/** Seconds: a rate an hour, of a session of a few minutes, would say too much. */
const LONG = 1800;

interface Spanned {
  since: number;
  until: number | null;
  cleared: number | null;
}

/** From the first to the last of all that is shown, and to now or to the end; at least a minute. */
export function timeSpan(
  alerts: readonly Spanned[],
  changes: readonly Change[],
  tempo: Tempo | null,
  now: number,
  ended = false,
): [number, number] {
  const held = alerts.some(({ cleared }) => cleared === null);
  // To the minute, so that the bars do not creep while a person looks at them.
  const present = ended ? now : Math.ceil(now / MINUTE) * MINUTE;
  const ends = [
    ...alerts.flatMap(({ since, until }) => [since, until ?? since]),
    ...changes.map(({ at }) => at),
    ...(tempo ? [tempo.start, tempo.start + tempo.width * tempo.taken.length] : []),
    ...(held ? [present] : []),
  ];
  const start = ends.reduce((least, one) => Math.min(least, one), Infinity);
  const end = ends.reduce((most, one) => Math.max(most, one), -Infinity);
  return [start, Math.max(end, start + MINUTE)];
}

export const changeWords = (change: Change): string => {
  const late = Math.abs(change.at - change.time) >= MINUTE;
  const who = `${change.who || "whoever ran it"}${change.by_session ? " (by itself)" : ""}`;
  const decided = late ? `, decided at ${fullMoment(change.time)}` : "";
  const times =
    change.count > 1 ? `${change.count} times until ${moment(change.until)}, first: ` : "";
  return `${fullMoment(change.at)}${decided}, ${who}\n${times}${change.what}`;
};

export interface Pace {
  unit: "an hour" | "a minute";
  /** Exposures in one span, as a rate. */
  rate: (count: number) => number;
  /** Of the axis. What is run again is processed faster than it comes: it goes beyond. */
  most: number;
}

export function paceOf({ width, taken, settled }: Tempo): Pace {
  const isLong = width * taken.length >= LONG;
  const rate = (count: number): number => (count * (isLong ? HOUR : MINUTE)) / width;
  const highest = (counts: readonly number[]): number =>
    counts.reduce((most, count) => Math.max(most, rate(count)), 0);
  const came = highest(taken);
  const most = Math.max(1, came, Math.min(highest(settled), 2.5 * came));
  return { unit: isLong ? "an hour" : "a minute", rate, most };
}
