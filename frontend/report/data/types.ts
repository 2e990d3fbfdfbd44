// The data files beside the page, as icestream.report writes them; values in the units of the page.

import type { Schemas } from "@/api/types";
import type { Live } from "@/screens/live/types";
import type { LimitLine } from "@/screens/measured/types";
import type {
  Shifts,
  FileCurve,
  Fact,
  Gathering,
  Consensus,
  ToldStep,
} from "@/screens/report/types";

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

/** `where.js`. */
export interface WhereFile {
  version: number;
  ranges: Readonly<Record<string, readonly [number, number]>>;
  squares: readonly (Gathering & {
    /** Left, right, bottom, top in µm of the stage; null without positions. */
    box: readonly [number, number, number, number] | null;
    /** Numbers of the files that tell of its exposures. */
    files: readonly number[];
  })[];
  groups: readonly Gathering[];
  shift_scale: number | null;
  shifts: Shifts;
}

/** `agreement.js`. */
export interface AgreementFile {
  steps: readonly Consensus[];
}

/** `steps.js`. */
export interface StepsFile {
  steps: readonly ToldStep[];
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
