/** What the server says of maps (icestream.report.views.volumes). */

export interface MapUpdate {
  update: number;
  result: number;
  finished: number;
  particles: number;
  resolution: number | null;
}

export interface Correlation {
  frequency: number[];
  correlation: number[];
  thresholds: number[];
  no_evidence: number;
}

export interface View {
  x: number;
  y: number;
  z: number;
  particles: number;
}

export interface SymmetryTrial {
  group: string;
  likelihood: number;
  correlation: number;
  taken: boolean;
}

/** A file of the map. */
export type Part = "map" | "mirrored" | "half1" | "half2";

export interface MapView {
  particles: number;
  wanted: number;
  update: number;
  note: string;
  alike: number;
  there: boolean;
  preliminary: boolean;
  box: number;
  pixel_size: number;
  diameter: number;
  symmetry: string;
  resolution: number;
  reached: string;
  resolution_half: number;
  even: boolean;
  efficiency: number;
  hand: string;
  parts: Part[];
  fsc: Correlation | null;
  views: View[];
  trials: SymmetryTrial[];
  starts: [number, number][];
}

/** The newest map of a step, or one of its earlier updates. */
export interface MapAnswer {
  step: string;
  title: string;
  result: number;
  port: string;
  finished: number;
  updates: MapUpdate[];
  volume: MapView;
}
