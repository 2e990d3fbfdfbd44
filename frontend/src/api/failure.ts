import type { Problem } from "./types";

/** What could not be done: what was asked, what was found, what to do. */
export class ApiError extends Error {
  readonly status: number;
  readonly advice: string | null;
  readonly problems: Problem[];

  constructor(status: number, message: string, advice: string | null, problems: Problem[]) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.advice = advice;
    this.problems = problems;
  }
}

type Value = string | number | boolean | null | undefined;
/** Parameters of an address; what is null, undefined or empty is left out. */
export type Query = Record<string, Value | readonly string[]>;
