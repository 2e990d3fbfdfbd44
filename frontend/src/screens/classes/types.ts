/** What the server says of 2D classes (icestream.report.views.classes). */

export interface ClassUpdate {
  update: number;
  result: number;
  finished: number;
  particles: number;
  classes: number;
  best: number | null;
}

export interface ClassRow {
  number: number;
  place: number;
  particles: number;
  share: number;
  resolution: number | null;
  score: number;
  selected: boolean | null;
  junk: boolean;
  why: string;
  parent: number | null;
  url: string;
}

export interface ClassesAnswer {
  step: string;
  result: number;
  update: number;
  updates: ClassUpdate[];
  finished: number;
  particles: number;
  box: number;
  pixel_size: number;
  diameter: number | null;
  chooser: string;
  chosen: number;
  chosen_particles: number;
  classes: ClassRow[];
  sprite: { url: string; columns: number; rows: number; tile: number } | null;
}

export interface Member {
  exposure: string;
  index: number;
  likelihood: number;
  there: boolean;
}

export interface MembersAnswer {
  number: number;
  particles: number;
  members: Member[];
  columns: number;
  tile: number;
  sprite: string | null;
}
