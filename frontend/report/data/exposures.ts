// Exposures from the files that hold some each: only those are read that hold what is asked for.

import { readFilters, type Filters } from "@/screens/exposures/filters";
import type { ExposurePage, ExposureRow } from "@/screens/exposures/types";
import { chunks, live, remembered } from "./files";
import type { Chunk, LiveFile } from "./types";

/** States in the order in which the files count them. */
const LETTERS = "parf";
const STATES = { p: "pending", a: "accepted", r: "rejected", f: "failed" } as const;
export type Letter = keyof typeof STATES;

/** An exposure by its place in a file. */
interface At {
  chunk: Chunk;
  i: number;
}

export const chunkOf = (order: number, size: number): number => Math.floor(order / size) + 1;

export const orderOf = ({ chunk, i }: At, size: number): number => (chunk.number - 1) * size + i;

export const letterOf = ({ chunk, i }: At): Letter => (chunk.state[i] ?? "p") as Letter;

export const textOf = (chunk: Chunk, at: number | undefined): string => chunk.texts[at ?? -1] ?? "";

/** Values of one exposure, those that are known. */
export function valuesOf({ chunk, i }: At): Record<string, number> {
  const values: Record<string, number> = {};
  for (const [name, column] of Object.entries(chunk.quality)) {
    const value = column[i];
    if (typeof value === "number") values[name] = value;
  }
  return values;
}

/** One exposure as the table shows it. */
export function rowOf(at: At, size: number): ExposureRow {
  const { chunk, i } = at;
  const reason = textOf(chunk, chunk.reason[i]);
  const time = chunk.time[i] ?? 0;
  return {
    number: orderOf(at, size) + 1,
    name: chunk.name[i] ?? "",
    state: STATES[letterOf(at)],
    reasons: reason ? [reason] : [],
    found: time,
    time,
    qualities: valuesOf(at),
    grid_square: textOf(chunk, chunk.square[i]) || null,
    foil_hole: null,
    group: chunk.group[i] ?? null,
    decision: null,
  };
}

/** The exposure of a number from 1; null where there is none. */
export async function exposureAt(number: number): Promise<At | null> {
  const { chunks: told } = await live();
  const [chunk] = await chunks([chunkOf(number - 1, told.size)]);
  const i = (number - 1) % told.size;
  return chunk && number >= 1 && i < chunk.name.length ? { chunk, i } : null;
}

/** The exposure of a name: alerts tell its place, else the files are searched, the newest first. */
export async function exposureNamed(name: string): Promise<At | null> {
  const { alerts, chunks: told } = await live();
  const order = alerts.find(({ exposure }) => exposure === name)?.order ?? null;
  const numbers = told.versions.map((_, index) => told.versions.length - index);
  for (const number of order === null ? numbers : [chunkOf(order, told.size), ...numbers]) {
    const [chunk] = await chunks([number]);
    const i = chunk?.name.indexOf(name) ?? -1;
    if (chunk && i >= 0) return { chunk, i };
  }
  return null;
}

/** All exposures, of a long session from many files. */
export async function allChunks(): Promise<Chunk[]> {
  const { versions } = (await live()).chunks;
  return chunks(versions.map((_, index) => index + 1));
}

/** Whether the filters ask for nothing but states, in order of arrival: then counts are enough. */
const isPlain = (filters: Filters): boolean =>
  !filters.search &&
  !filters.alert &&
  filters.where.length + filters.squares.length === 0 &&
  (filters.sort === "number" || filters.sort === "found");

const lettersOf = (filters: Filters): Letter[] =>
  (Object.keys(STATES) as Letter[]).filter(
    (letter) => filters.states.length === 0 || filters.states.includes(STATES[letter]),
  );

/** A page of the table. */
export async function pageOf(query: URLSearchParams): Promise<ExposurePage> {
  const filters = readFilters(query);
  const [at, limit] = [Number(query.get("at") ?? 0), Number(query.get("limit") ?? 100)];
  const told = await live();
  const found = isPlain(filters)
    ? await plainPage(told, filters, at, limit)
    : await searchedPage(told, filters, at, limit);
  const rows = found.rows.map((one) => rowOf(one, told.chunks.size));
  const next = at + rows.length;
  return {
    total: told.counts.found,
    matching: found.matching,
    at,
    rows,
    next: next < found.matching ? next : null,
  };
}

interface Part {
  matching: number;
  rows: At[];
}

/** Which files hold the rows is told by their counts alone. */
async function plainPage(
  told: LiveFile,
  filters: Filters,
  at: number,
  limit: number,
): Promise<Part> {
  const letters = new Set(lettersOf(filters));
  const inside = told.chunks.counts.map((counts) =>
    counts.reduce(
      (sum, count, index) => sum + (letters.has(LETTERS[index] as Letter) ? count : 0),
      0,
    ),
  );
  const numbers = inside.map((_, index) => index + 1);
  if (filters.descending) numbers.reverse();
  const needed: number[] = [];
  let [passed, before] = [0, 0];
  for (const number of numbers) {
    const count = inside[number - 1] ?? 0;
    if (count > 0 && passed + count > at && passed < at + limit) {
      if (needed.length === 0) before = passed;
      needed.push(number);
    }
    passed += count;
  }
  const rows = (await chunks(needed)).flatMap((chunk) => {
    const all = chunk.name.map((_, i): At => ({ chunk, i }));
    const ours = all.filter((one) => letters.has(letterOf(one)));
    return filters.descending ? ours.reverse() : ours;
  });
  return { matching: passed, rows: rows.slice(at - before, at - before + limit) };
}

/** Anything else is looked for in all of them. */
async function searchedPage(
  told: LiveFile,
  filters: Filters,
  at: number,
  limit: number,
): Promise<Part> {
  const { size } = told.chunks;
  const letters = new Set(lettersOf(filters));
  const alert = told.alerts.find(({ number }) => String(number) === filters.alert);
  const search = filters.search.toLowerCase();
  const fits = (one: At): boolean => {
    const { chunk, i } = one;
    const name = chunk.name[i] ?? "";
    if (!letters.has(letterOf(one))) return false;
    if (search && !name.toLowerCase().includes(search)) return false;
    if (filters.alert && name !== alert?.exposure) return false;
    const square = textOf(chunk, chunk.square[i]);
    if (filters.squares.length > 0 && !filters.squares.includes(square)) return false;
    return filters.where.every(({ quality, low, high }) => {
      const value = quality === "number" ? orderOf(one, size) + 1 : chunk.quality[quality]?.[i];
      if (typeof value !== "number") return false;
      return (low === null || value >= low) && (high === null || value <= high);
    });
  };
  // Page after page is asked for while somebody scrolls.
  const all = await remembered(`exposures ${JSON.stringify(filters)}`, async () =>
    sorted(
      (await allChunks()).flatMap((chunk) =>
        chunk.name.map((_, i): At => ({ chunk, i })).filter(fits),
      ),
      filters,
    ),
  );
  return { matching: all.length, rows: all.slice(at, at + limit) };
}

/** What is not measured comes last, whichever way. */
function sorted(found: At[], { sort, descending }: Filters): At[] {
  const way = descending ? -1 : 1;
  if (sort === "number" || sort === "found") return descending ? found.reverse() : found;
  if (sort === "name") {
    const name = ({ chunk, i }: At): string => chunk.name[i] ?? "";
    return found.sort((one, two) => way * name(one).localeCompare(name(two)));
  }
  const value = ({ chunk, i }: At): number | null => chunk.quality[sort]?.[i] ?? null;
  return found.sort((one, two) => {
    const [a, b] = [value(one), value(two)];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    return way * (a - b);
  });
}

/** Number of the next exposure that the filters let through, newer (1) or older (-1); null: none. */
export async function neighbourOf(
  number: number,
  way: 1 | -1,
  filters: Filters,
): Promise<number | null> {
  const letters = lettersOf(filters);
  const { counts, chunks: told } = await live();
  for (let at = number + way; at >= 1 && at <= counts.found; at += way) {
    const chunk = chunkOf(at - 1, told.size);
    const here = told.counts[chunk - 1] ?? [];
    if (letters.some((letter) => (here[LETTERS.indexOf(letter)] ?? 0) > 0)) {
      const one = await exposureAt(at);
      if (one && letters.includes(letterOf(one))) return at;
    } else {
      // A file without any that fits is passed by, unread.
      at = way > 0 ? chunk * told.size : (chunk - 1) * told.size + 1;
    }
  }
  return null;
}
