// What the server says of measured qualities, as the screens use it.

import type { Schemas } from "@/api/types";

/** A line that a step draws on a quality; its ends are in the unit that is shown. */
export type LimitLine = Schemas["Drawn"];

/** One measured quality of exposures. Values are as stored; value x scale is shown. */
export type Quality = Schemas["MeasuredQuality"];

/** In progress, accepted, rejected, failed. */
export type StateLetter = "p" | "a" | "r" | "f";

export const STATE_WORDS: Readonly<Record<StateLetter, string>> = {
  p: "in progress",
  a: "accepted",
  r: "rejected",
  f: "failed",
};

/** Columns of exposures, one entry an exposure, in order of arrival; values as stored. */
export interface Columns {
  number: readonly number[];
  state: readonly StateLetter[];
  time: readonly number[];
  columns: Readonly<Record<string, readonly (number | null)[]>>;
  /** Grid square of each; empty where the metadata do not tell it. */
  square: readonly string[];
  /** Exposures that match; more than are in the columns where they were thinned out. */
  total: number;
  shown: number;
}

/** States of exposures in words of the server; empty where a branch does not have one. */
export const stateWord = (state: string): string => state || "not in this branch";
