import type { Schemas } from "@/api/types";
// What a report tells of a session as a whole, asked of the server or read from files.

import type { Change, Tempo } from "@/screens/alerts/timing";

export interface Shifts {
  order: readonly number[];
  group: readonly number[];
  x: readonly number[];
  y: readonly number[];
}

export interface GroupsFile {
  groups: readonly Gathering[];
  shifts: Shifts;
}

/** A picture with its facts: a map, a gain reference, what a plugin made. */
export interface SeenResult {
  step: string;
  title: string;
  time: number;
  note?: string;
  facts: readonly (readonly [string, string])[];
  pictures: readonly { src: string; title: string; alt: string }[];
  curve?: FileCurve | null;
}

export interface FileCurve {
  s: readonly number[];
  measured: readonly (number | null)[];
  fitted: readonly (number | null)[];
  resolution?: number;
}

export interface Fact {
  label: string;
  value: string;
  note: string | null;
}

export interface Control {
  center: number;
  low: number | null;
  high: number;
  outside: number;
}

export interface FileTrend {
  name: string;
  title: string;
  unit: string;
  whole: boolean;
  median: number;
  count: number;
  range: { low: number; high: number };
  beyond: readonly [number, number];
  mid: readonly (number | null)[];
  /** Null while each point is one exposure. */
  low: readonly (number | null)[] | null;
  high: readonly (number | null)[] | null;
  histogram: {
    low: number;
    step: number;
    kept: readonly number[];
    rejected: readonly number[];
  };
  control: Control | null;
}

/** Runs of `width` exposures each. */
export interface TrendsFile {
  version: number;
  width: number;
  first: readonly number[];
  time: readonly number[];
  rejected: readonly number[];
  qualities: readonly FileTrend[];
}

/** A square, or an exposure group. */
export interface Gathering {
  name: string;
  count: number;
  accepted: number;
  rejected: number;
  failed: number;
  first: number;
  medians: Readonly<Record<string, number>>;
}

export type Consensus = Schemas["StepAgreement"];
export type MemberVotes = Schemas["MemberVotes"];
export type SharedPicks = Schemas["SharedPicks"];
export type ComparedMembers = Schemas["ComparedMembers"];
export type ComparedMember = Schemas["ComparedMember"];

export interface Figure {
  kind: "series" | "histogram" | "scatter";
  title: string;
  x_label: string;
  y_label: string;
  count: number;
  histogram?: { low: number; step: number; counts: readonly number[] };
  x?: readonly (number | null)[];
  y?: readonly (number | null)[];
  orders?: readonly (number | null)[];
}

export interface ToldStep {
  name: string;
  title: string;
  sentence: string;
  problems: readonly string[];
  figures: readonly Figure[];
  known: boolean;
  count: number;
  total: number;
}

export interface LogEntry {
  time: number;
  who: string;
  by_session: boolean;
  what: string;
  why: string;
  state: string;
  effect: string;
}

export interface LogGroup {
  kind: string;
  verb: string;
  entries: readonly LogEntry[];
}

export interface LogFile {
  groups: readonly LogGroup[];
  counts: Readonly<Record<string, number>>;
  total: number;
}

export interface Bar {
  number: number;
  lane: number;
  level: string;
  step: string;
  message: string;
  exposure: string;
  order: number | null;
  since: number;
  cleared: number | null;
  told: number;
  acknowledged: number | null;
  seen: number | null;
  acknowledged_by: string;
  adopted: number | null;
  adopted_by: string;
  muted: number | null;
  muted_by: string;
}

/** In the time of the acquisition. */
export interface TimelineFile {
  now: number;
  written: number;
  tempo: Tempo | null;
  alerts: readonly Bar[];
  marks: readonly Change[];
}
