/** What the server says of how results were made (icestream.report.views.ancestry). */

export interface MadeFile {
  path: string;
  bytes: number;
}

export interface Ancestor {
  result: number;
  step: string;
  title: string;
  protocol: string;
  version: number;
  revision: number;
  subject: string;
  exposure: string;
  distance: number;
  parameters: Record<string, unknown>;
  epoch: number;
  host: string;
  seconds: number;
  finished: number;
  files: MadeFile[];
  command: string;
}

export interface Ancestry {
  result: number;
  nodes: Ancestor[];
  edges: { source: number; target: number; port: string }[];
  left_out: { target: number; port: string; count: number; words: string }[];
  software: Record<string, Record<string, string>>;
}

export interface Epoch {
  number: number;
  started: number;
  holder: string;
  host: string;
  folder: string;
  software: Record<string, string>;
}

export interface Provenance {
  icestream: string;
  session: string;
  uid: string;
  branch: string;
  epochs: Epoch[];
  workflow: unknown;
  results: number;
}
