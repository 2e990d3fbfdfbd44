import type { BranchRecord } from "@/api/types";

/** A branch, what is otherwise in it, and how far it is. */
export interface BranchRow {
  record: BranchRecord;
  differences: string[];
  tasks: number;
  ended: number;
  failed: number;
  bytes: number | null;
  exposures: number | null;
}

/** One exposure as both branches have it, with standard errors where they are known. */
export interface Point {
  exposure: string;
  old: number;
  new: number;
  old_error: number | null;
  new_error: number | null;
}

/** A quantity that both branches have of the same exposures, as stored. */
export interface ComparedQuality {
  name: string;
  title: string;
  /** As shown; what is stored times `scale`. */
  unit: string;
  scale: number;
  /** Means; null of an angle, which has none. */
  old: number | null;
  new: number | null;
  difference: number | null;
  error: number | null;
  /** The difference with its error. */
  words: string;
  /** Of a difference that is more than chance; empty of others. */
  tone: "good" | "bad" | "other" | "";
  higher: number;
  lower: number;
  same: number;
  /** Exposures on which it is better; null where nobody has said which way that is. */
  better: number | null;
  worse: number | null;
  points: Point[];
}

export interface Newest {
  name: string;
  title: string;
  unit: string;
  scale: number;
  old: number | null;
  new: number | null;
}

export interface Sides {
  gained: string[];
  lost: string[];
}

export interface ComparedStep {
  name: string;
  old_revision: number | null;
  new_revision: number | null;
  same: boolean;
  of_batches: boolean;
  both: number;
  only_old: number;
  only_new: number;
  fails: Sides;
  fail_both: number;
  selects: Sides;
  particles: [number, number] | null;
  boxes: string;
  seconds: ComparedQuality | null;
  qualities: ComparedQuality[];
  newest: Newest[];
}

export interface ComparedPicture {
  step: string;
  exposure: string;
  why: string;
  title: string;
  old: string | null;
  new: string | null;
}

export interface Comparison {
  old: string;
  new: string;
  sample: number | null;
  asked: number;
  changes: string[];
  verdict: string[];
  steps: ComparedStep[];
  pictures: ComparedPicture[];
}
