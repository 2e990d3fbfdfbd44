// Reading the data files beside the page, again and again. The page is opened from a folder as
// often as from a web server, so they come as scripts that call one function, not by fetch.

import { ApiError } from "@/api/failure";
import type { Chunk, DetailFile, FileName, LiveFile } from "./types";

/** By what the files call the page: each gives the one document that is in it. */
const CALLS = [
  "live",
  "trends",
  "steps",
  "where",
  "agreement",
  "timeline",
  "log",
  "exposures",
  "detail",
] as const;
/** Milliseconds between two looks at `live.js`; of a session that has ended, between some more. */
const PAUSE = 5000;
const ENDED = 12;

let said: unknown;

/** Let the data files say what is in them; a script says it just before it is told as loaded. */
function listen(): void {
  const hear = (document: unknown): void => {
    said = document;
  };
  const calls = Object.fromEntries(CALLS.map((name) => [name, hear]));
  Object.assign(window, { icestream: calls });
}

/** What is in a data file. */
export function load<T>(address: string): Promise<T> {
  if (!("icestream" in window)) listen();
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    const end = (): void => {
      const found = said;
      said = undefined;
      script.remove();
      if (found !== undefined) resolve(found as T);
      else reject(missing(address));
    };
    script.onload = end;
    script.onerror = end;
    script.src = address;
    document.head.append(script);
  });
}

const missing = (address: string): ApiError =>
  new ApiError(
    404,
    `${address.split("?")[0]} is not beside this page, or cannot be read`,
    "The page and its data belong together: open it in the folder that icestream report wrote.",
    [],
  );

interface Kept {
  version: number;
  document: Promise<unknown>;
}

const kept = new Map<string, Kept>();

/** A file in the version that is named, read once. */
function versioned<T>(name: string, version: number): Promise<T> {
  const before = kept.get(name);
  if (before?.version === version) return before.document as Promise<T>;
  const document = load<T>(`${name}.js?v=${version}`);
  const one = { version, document };
  kept.set(name, one);
  // What could not be read is read again when it is wanted again.
  document.catch(() => kept.get(name) === one && kept.delete(name));
  return document;
}

/** A file that tells of the whole session; null while there is none. */
export async function fileOf<T>(name: FileName): Promise<T | null> {
  const version = (await live()).files[name];
  return version > 0 ? versioned<T>(name, version) : null;
}

/** Some of the files of exposures, by their numbers from 1. */
export async function chunks(numbers: readonly number[]): Promise<Chunk[]> {
  const { versions } = (await live()).chunks;
  const there = numbers.filter((number) => number >= 1 && number <= versions.length);
  const name = (number: number): string => `exposures-${String(number).padStart(4, "0")}`;
  return Promise.all(
    there.map((number) => versioned<Chunk>(name(number), versions[number - 1] ?? 0)),
  );
}

/** What is shown of one exposure beside its values; null where the report does not keep it. */
export async function detailOf(order: number, mark: string): Promise<DetailFile | null> {
  if (!(await live()).kept.includes(order)) return null;
  return load<DetailFile>(`pictures/${order + 1}.js?v=${mark}`);
}

const answers = new Map<string, { written: number; answer: Promise<unknown> }>();
/** Answers that are kept: those of one part of the page, or of a few. */
const ANSWERS = 8;

/** What was worked out of many files, once for all who ask the same while nothing is written. */
export async function remembered<T>(asked: string, make: () => Promise<T>): Promise<T> {
  const { written } = await live();
  const before = answers.get(asked);
  if (before?.written === written) return before.answer as Promise<T>;
  const answer = make();
  answers.delete(asked);
  answers.set(asked, { written, answer });
  for (const old of [...answers.keys()].slice(0, -ANSWERS)) answers.delete(old);
  // What could not be read is read again when it is wanted again.
  answer.catch(() => answers.get(asked)?.answer === answer && answers.delete(asked));
  return answer;
}

const watchers = new Set<() => void>();
let known: LiveFile | null = null;
let received = 0;
let first: Promise<LiveFile> | null = null;

/** Where the session stands; the first look may fail, and is tried again. */
export function live(): Promise<LiveFile> {
  if (known) return Promise.resolve(known);
  first ??= look().finally(() => {
    first = null;
  });
  return first;
}

/** What was read last, and when in seconds, if it came while the page was open. */
export const lastLive = (): LiveFile | null => known;
export const lastReceived = (): number => received;

/** Be called whenever there is something new; gives what ends that. */
export function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => void watchers.delete(watcher);
}

async function look(): Promise<LiveFile> {
  const found = await load<LiveFile>(`live.js?t=${Date.now()}`);
  const before = known;
  if (before?.written === found.written) return before;
  // Another version has written the page, too: it would not understand what comes.
  if (before && before.page !== found.page) window.location.reload();
  if (before) received = Date.now() / 1000;
  known = found;
  for (const watcher of watchers) watcher();
  return found;
}

/** Follow the session while it is written. */
export function follow(): void {
  let ticks = 0;
  const again = (): void => void look().catch(() => undefined);
  again();
  setInterval(() => {
    ticks += 1;
    if (!document.hidden && (!known?.session.finished || ticks % ENDED === 0)) again();
  }, PAUSE);
  document.addEventListener("visibilitychange", () => !document.hidden && again());
}
