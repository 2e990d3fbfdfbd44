// The data files beside the page, as icestream.report writes them; values in the units of the page.

import type { Schemas } from "@/api/types";
import type { Change, Tempo } from "@/screens/alerts/timing";
import type { Live } from "@/screens/live/types";
import type { LimitLine } from "@/screens/measured/types";

/** What the page compares with what it has, by the name of the file; 0: there is none. */
export type FileName = "trends" | "steps" | "where" | "agreement" | "timeline" | "log";

export interface Picture {
  src: string;
  title: string;
  alt: string;
  role?: string;
}

interface Snapshot {
  step: string;
  title: string;
  time: number;
  pictures: readonly Picture[];
}

export interface FileClass {
  number: number;
  count: number;
  resolution: number | null;
  chosen: boolean | null;
}

/** The classes of a step; their averages are one picture of some columns and rows. */
export interface ClassSet extends Snapshot {
  iteration: number;
  particles: number;
  box: number;
  pixel_size: number;
  columns: number;
  rows: number;
  items: readonly FileClass[];
}

export interface FileCurve {
  s: readonly number[];
  measured: readonly (number | null)[];
  fitted: readonly (number | null)[];
  resolution?: number;
}

/** A picture with its facts: a map, a gain reference, what a plugin made. */
export interface Seen extends Snapshot {
  note?: string;
  resolution?: string;
  facts: readonly (readonly [string, string])[];
  curve?: FileCurve | null;
}

export interface FileQuality {
  title: string;
  short: string;
  unit: string;
  whole: boolean;
  digits: number;
  meaning: string;
  limits: { lines: readonly LimitLine[]; words: string };
}

export interface Fact {
  label: string;
  value: string;
  note: string | null;
}

/** `live.js`. */
export type LiveFile = Omit<Live, "qualities" | "chunks" | "session" | "newest" | "last_event"> & {
  session: Live["session"] & { facts: readonly Fact[] };
  page: string;
  every: number;
  files: Readonly<Record<FileName, number>>;
  published: { last: number | null; failing: number | null; why: string } | null;
  /** Orders of the exposures that have pictures here. */
  kept: readonly number[];
  expects: readonly string[];
  classes: readonly ClassSet[];
  maps: readonly Seen[];
  gains: readonly Seen[];
  others: readonly Seen[];
  chunks: {
    size: number;
    /** In progress, accepted, rejected and failed ones of each. */
    counts: readonly (readonly number[])[];
    versions: readonly number[];
  };
  qualities: Readonly<Record<string, FileQuality>>;
  /** Which step feeds which. */
  links: readonly (readonly [string, string])[];
};

type Pair = readonly [readonly (number | null)[], readonly (number | null)[]];

/** `exposures-0001.js`: some exposures in order of arrival, as columns. */
export interface Chunk {
  number: number;
  version: number;
  name: readonly string[];
  time: readonly number[];
  state: string;
  /** Places in `texts`. */
  reason: readonly number[];
  place: readonly number[];
  square: readonly number[];
  texts: readonly string[];
  quality: Readonly<Record<string, readonly (number | null)[]>>;
  group: readonly number[];
  stage: Pair | null;
  shift: Pair | null;
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

/** `trends.js`: runs of `width` exposures each. */
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

/** `where.js`. */
export interface WhereFile {
  version: number;
  ranges: Readonly<Record<string, readonly [number, number]>>;
  squares: readonly Gathering[];
  groups: readonly Gathering[];
  shift_scale: number | null;
  shifts: {
    order: readonly number[];
    group: readonly number[];
    x: readonly number[];
    y: readonly number[];
  };
}

export interface Member {
  step: string;
  title: string;
  told: number;
  outvoted: number;
  lately: number;
  of: number;
}

export interface Pickers {
  steps: readonly string[];
  titles: readonly string[];
  found: readonly number[];
  shared: readonly (readonly number[])[];
  jaccard: readonly (readonly (number | null)[])[];
}

export interface Consensus {
  step: string;
  title: string;
  quality: string;
  exposures: number;
  members: readonly Member[];
  pickers: Pickers | null;
}

/** `agreement.js`. */
export interface AgreementFile {
  steps: readonly Consensus[];
}

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

/** `steps.js`. */
export interface StepsFile {
  steps: readonly ToldStep[];
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

/** `log.js`. */
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

/** `timeline.js`; in the time of the acquisition. */
export interface TimelineFile {
  now: number;
  written: number;
  tempo: Tempo | null;
  alerts: readonly Bar[];
  marks: readonly Change[];
}

/** `pictures/1.js`: what is shown of one exposure beside its values. */
export interface DetailFile {
  order: number;
  corrections?: readonly Schemas["CorrectionRecord"][];
  decisions?: readonly {
    accepted: boolean;
    step: string;
    who: string;
    why: string;
    time: number;
  }[];
  facts?: readonly (readonly [string, string])[];
  pictures?: readonly Picture[];
  picks?: Readonly<
    Record<string, { x: readonly number[]; y: readonly number[]; diameter: number; known: boolean }>
  >;
  shape?: readonly [number, number];
  pixel_size?: number;
  curve?: FileCurve;
  /** Spatial frequency at the edge of the picture of the spectrum, 1/Å. */
  edge?: number;
  /** Å, down and to the right. */
  track?: readonly (readonly [number, number])[];
  unread?: readonly string[];
}
