// What the server says of where a session stands (icestream.report.live); values as they are shown.

import type { Verdict } from "./verdict";

export interface Forecast {
  outlook: string;
  behind: number;
  hours: number | null;
  able: number | null;
  slow: number | null;
  until: number | null;
  words?: string;
  helps?: readonly { words: string; enough: boolean }[];
}

export interface Rates {
  found: number | null;
  settled: number | null;
  latency: number | null;
  last: number;
  now: number;
  spark: { found: readonly number[]; settled: readonly number[] };
  forecast: Forecast | null;
  disk: { free: number; words: string } | null;
}

export interface Tile {
  title: string;
  value: number;
  text: string;
  unit: string;
  below: readonly string[];
}

export interface Decision {
  time: number;
  who: string;
  by_session: boolean;
  what: string;
  why: string;
}

export interface Load {
  name: string;
  title: string;
  unit: string;
  now: number;
  text: string;
  note: string;
  points: readonly (readonly [number, number])[];
}

export interface Picture {
  url: string;
  title: string;
  description: string;
  role?: string;
}

export interface Newest {
  name: string;
  number: number;
  pictures: readonly Picture[];
  qualities: Readonly<Record<string, number>>;
}

export interface LiveAlert {
  number: number;
  level: string;
  message: string;
  step: string;
  exposure: string;
  since: number;
  until: number | null;
  told: number;
  extent: string;
  cause: string;
  note: string;
  cleared: number | null;
  acknowledged: number | null;
  acknowledged_by: string;
  acknowledged_why: string;
  muted: number | null;
  muted_by: string;
  offer: { step: string; changes: Readonly<Record<string, unknown>>; automatic?: boolean } | null;
  command: string;
  adopted: number | null;
  adopted_by: string;
}

export interface Live {
  written: number;
  /** Number of the newest event that is in it. */
  last_event: number;
  session: {
    name: string;
    workflow: string;
    state: string;
    reason: string;
    finished: boolean;
    started: number;
    ended: number | null;
  };
  counts: {
    found: number;
    settled: number;
    behind: number;
    accepted: number;
    rejected: number;
    failed: number;
  };
  called: { one: string; many: string };
  verdicts: readonly Verdict[];
  rates: Rates;
  headline: readonly Tile[];
  again: { text: string; until: number | null; who: string; command: string } | null;
  decisions: readonly Decision[];
  alerts: readonly LiveAlert[];
  machine: readonly Load[];
  order: readonly string[];
  newest: Newest | null;
}
