// What the server says of exposures; values as they are stored.

export interface Word {
  accepted: boolean;
  step?: string;
  who: string;
  why: string;
  time: number;
}

export interface ExposureRow {
  number: number;
  name: string;
  state: string;
  reasons: readonly string[];
  found: number;
  time?: number | null;
  qualities: Readonly<Record<string, number | null>>;
  grid_square?: string | null;
  foil_hole?: string | null;
  group?: number | string | null;
  decision?: Word | null;
}

export interface ExposurePage {
  total: number;
  matching: number;
  rows: readonly ExposureRow[];
  next: string | null;
  at?: number;
}

export interface PictureOf {
  url: string;
  /** What it shows: "image" is a micrograph at its full size. */
  role?: string;
  title: string;
  description: string;
}

export interface StepResult {
  step: string;
  title?: string;
  result: {
    id: number;
    revision: number;
    seconds: number;
    finished: number;
    passed: boolean;
    host: string;
    attempt: number;
  };
  pictures: readonly PictureOf[];
  lineage_url?: string;
}

export interface Measured {
  value: number | null;
  error?: number | null;
  step?: string;
}

export interface Failure {
  step: string;
  state: string;
  reason: string;
  details: string;
}

export interface ExposureDetail {
  number: number;
  name: string;
  state: string;
  reasons: readonly string[];
  found: number;
  time?: number | null;
  details: Readonly<Record<string, unknown>>;
  steps: Readonly<Record<string, string>>;
  results: readonly StepResult[];
  decisions: readonly Word[];
  failures: readonly Failure[];
  alerts: readonly { id: number; level: string; message: string; cleared: number | null }[];
  neighbours: { previous: string | null; next: string | null };
  qualities: Readonly<Record<string, Measured>>;
  facts?: readonly (readonly [string, string])[];
  micrograph?: {
    result: number;
    port: string;
    index: number;
    width: number;
    height: number;
    pixel_size: number;
    /** Whether it comes in tiles, too; false for what is a small picture only. */
    tiles?: boolean;
  } | null;
  spectrum?: { url: string } | null;
}

export interface Ctf {
  frequency: readonly number[];
  power: readonly (number | null)[];
  fit: readonly (number | null)[];
  edge?: number;
  resolution: number | null;
  defocus_u: number;
  defocus_v: number;
  angle: number;
  angle_known?: boolean;
  phase_shift: number;
  doubt?: string;
  optics?: { voltage: number; spherical_aberration: number; amplitude_contrast: number };
}

export interface Tracks {
  /** False: there was no signal to align, and the track means nothing. */
  known?: boolean;
  dose_per_frame?: number | null;
  frames: readonly { x: number; y: number }[];
  /** Motion over the area: where (pixels of the micrograph) and how far (Å). */
  patches?: readonly { x: number; y: number; dx: number; dy: number }[] | null;
}

export interface PickSet {
  step: string;
  title: string;
  /** Å */
  diameter: number;
  pixel_size: number;
  known: boolean;
  points: readonly (readonly [number, number, number | null])[];
}
