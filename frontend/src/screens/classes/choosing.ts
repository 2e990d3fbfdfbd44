/** Choosing among classes: what a person decides beside the rule, and how it is asked for. */

import type { ClassRow } from "./types";

/** What a person wants of a class. */
export type Wish = "take" | "leave" | "rule";

/** Parameters of the step that chooses classes, as far as they are read here. */
export interface Choice {
  score_min: number;
  resolution_max: number | null;
  particles_min: number | null;
  /** Numbers of classes, such as `3,7`. */
  include: string;
  exclude: string;
}

export type Sorting = "size" | "resolution" | "score" | "number";

/** Numbers in a list such as `3, 7`. */
export function numbersIn(text: string): Set<number> {
  return new Set(
    text
      .split(",")
      .map((part) => part.trim())
      .filter((part) => /^\d+$/.test(part))
      .map(Number),
  );
}

/** A list of numbers as the parameters have it, ascending. */
export const listOf = (numbers: Iterable<number>): string =>
  [...numbers].sort((a, b) => a - b).join(",");

/** What was decided of a class, and of which class that was said: itself, or one it was split from. */
export function decisionOn(
  row: ClassRow,
  choice: Choice,
  parents: ReadonlyMap<number, number>,
): { wish: Wish; of: number } {
  const [taken, left] = [numbersIn(choice.include), numbersIn(choice.exclude)];
  const seen = new Set<number>();
  for (let number: number | undefined = row.number; number !== undefined && !seen.has(number);) {
    seen.add(number);
    // What is left out by name stays so, whatever else is said.
    if (left.has(number)) return { wish: "leave", of: number };
    if (taken.has(number)) return { wish: "take", of: number };
    number = parents.get(number);
  }
  return { wish: "rule", of: row.number };
}

/** What was decided of a class. */
export const wishOf = (row: ClassRow, choice: Choice, parents: ReadonlyMap<number, number>): Wish =>
  decisionOn(row, choice, parents).wish;

/** Whether the rule alone takes a class. */
export function ruleTakes(row: ClassRow, choice: Choice): boolean {
  if (row.score < choice.score_min) return false;
  if (choice.particles_min !== null && row.particles < choice.particles_min) return false;
  if (choice.resolution_max === null) return true;
  return row.resolution !== null && row.resolution <= choice.resolution_max;
}

/** Whether a class would be taken. */
export function takes(
  row: ClassRow,
  choice: Choice,
  parents: ReadonlyMap<number, number>,
): boolean {
  const wish = wishOf(row, choice, parents);
  return wish === "rule" ? ruleTakes(row, choice) : wish === "take";
}

/** The choice with some classes taken, left out, or given back to the rule. */
export function wished(choice: Choice, numbers: Iterable<number>, wish: Wish): Choice {
  const [taken, left] = [numbersIn(choice.include), numbersIn(choice.exclude)];
  for (const number of numbers) {
    taken.delete(number);
    left.delete(number);
    if (wish === "take") taken.add(number);
    if (wish === "leave") left.add(number);
  }
  return { ...choice, include: listOf(taken), exclude: listOf(left) };
}

/** What of the choice is otherwise than it was: what is to be set. */
export function changesOf(before: Choice, after: Choice): Partial<Choice> {
  const changed = (Object.keys(after) as (keyof Choice)[]).filter(
    (key) => after[key] !== before[key],
  );
  return Object.fromEntries(changed.map((key) => [key, after[key]]));
}

/** The classes in an order; what cannot be told comes last, then the more populated first. */
export function sorted(rows: readonly ClassRow[], by: Sorting): ClassRow[] {
  const keys: Record<Sorting, (row: ClassRow) => number> = {
    size: (row) => -row.particles,
    resolution: (row) => row.resolution ?? Infinity,
    score: (row) => -row.score,
    number: (row) => row.number,
  };
  return [...rows].sort((a, b) => compare(keys[by](a), keys[by](b)) || b.particles - a.particles);
}

const compare = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1);

/** Particles and classes that a choice takes. */
export function totals(
  rows: readonly ClassRow[],
  choice: Choice,
  parents: ReadonlyMap<number, number>,
): { classes: number; particles: number; gained: number[]; lost: number[] } {
  const taken = rows.filter((row) => takes(row, choice, parents));
  const now = new Set(taken.map((row) => row.number));
  return {
    classes: taken.length,
    particles: taken.reduce((sum, row) => sum + row.particles, 0),
    gained: taken.filter((row) => row.selected === false).map((row) => row.number),
    lost: rows
      .filter((row) => row.selected === true && !now.has(row.number))
      .map((row) => row.number),
  };
}
