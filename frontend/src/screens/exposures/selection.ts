// From sliders to what is asked of a selection: its own parameters where it has one for a quality,
// a rule in words otherwise.

import type { Schemas } from "@/api/types";

/** What the slider of a quality asks for, in the unit that is shown; null: no limit. */
export interface Asked {
  low: number | null;
  high: number | null;
}

/** The step that selects exposures, as far as its limits go. */
export type SelectionStep = Pick<Schemas["StepRecord"], "name" | "protocol" | "parameters">;

interface Named {
  low?: string;
  high?: string;
}

/** Parameters of `exposures.select` by the quality that they limit. */
const NAMED: Readonly<Record<string, Named>> = {
  "ctf.defocus": { low: "defocus_min", high: "defocus_max" },
  "ctf.astigmatism": { high: "astigmatism_max" },
  "ctf.resolution": { high: "resolution_max" },
  "ctf.score": { low: "score_min" },
  "ctf.ice_ring": { high: "ice_ring_max" },
  "motion.total": { high: "total_motion_max" },
  "motion.early": { high: "early_motion_max" },
  "micrograph.score": { low: "quality_min" },
};

const SELECTS = "exposures.select";

/** The first step whose limits the sliders can move; undefined where the session has none. */
export const selectionOf = (steps: readonly SelectionStep[]): SelectionStep | undefined =>
  steps.find((step) => step.protocol === SELECTS);

const numberOf = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) ? value : null;

const rulesOf = (step: SelectionStep): string[] => {
  const rules = step.parameters["rules"];
  return Array.isArray(rules) ? rules.filter((rule) => typeof rule === "string") : [];
};

const NUMBER = "[-+]?(?:\\d+(?:\\.\\d+)?|\\.\\d+)(?:[eE][-+]?\\d+)?";
const COMPARED = new RegExp(`^(\\S+)\\s*(<=|>=|<|>)\\s*(${NUMBER})\\s*\\S*$`);
const RANGE = new RegExp(`^(\\S+)\\s+(${NUMBER})\\s*to\\s*(${NUMBER})\\s*\\S*$`);

/** The quality and the ends of a rule that is a plain limit; null for others, which are kept. */
export function readPlainRule(rule: string): { quality: string; asked: Asked } | null {
  const range = RANGE.exec(rule.trim());
  if (range) {
    const [, quality = "", low = "", high = ""] = range;
    return { quality, asked: { low: Number(low), high: Number(high) } };
  }
  const compared = COMPARED.exec(rule.trim());
  if (!compared) return null;
  const [, quality = "", sign = "", value = ""] = compared;
  const below = sign.startsWith("<");
  const asked = below ? { low: null, high: Number(value) } : { low: Number(value), high: null };
  return { quality, asked };
}

/** What the selection asks of a quality now. */
export function askedNow(step: SelectionStep, quality: string): Asked {
  const named = NAMED[quality] ?? {};
  const found: Asked = {
    low: named.low === undefined ? null : numberOf(step.parameters[named.low]),
    high: named.high === undefined ? null : numberOf(step.parameters[named.high]),
  };
  for (const rule of rulesOf(step)) {
    const read = readPlainRule(rule);
    if (read?.quality !== quality) continue;
    found.low = read.asked.low ?? found.low;
    found.high = read.asked.high ?? found.high;
  }
  return found;
}

const written = (value: number): string => String(Number(value.toPrecision(6)));

function ruleFor(quality: string, asked: Asked, unit: string): string | null {
  const tail = unit ? ` ${unit}` : "";
  if (asked.low !== null && asked.high !== null) {
    return `${quality} ${written(asked.low)} to ${written(asked.high)}${tail}`;
  }
  if (asked.low !== null) return `${quality} >= ${written(asked.low)}${tail}`;
  return asked.high === null ? null : `${quality} <= ${written(asked.high)}${tail}`;
}

/**
 * The changes for `set` that bring the selection to what the sliders ask for; empty where it asks
 * for that already. Rules that are no plain limit stay as they are.
 */
export function changesFor(
  step: SelectionStep,
  asked: Readonly<Record<string, Asked>>,
  unitOf: (quality: string) => string,
): Record<string, unknown> {
  const changes: Record<string, unknown> = {};
  let rules = rulesOf(step);
  for (const [quality, wanted] of Object.entries(asked)) {
    const now = askedNow(step, quality);
    if (now.low === wanted.low && now.high === wanted.high) continue;
    const named = NAMED[quality] ?? {};
    const rest: Asked = { low: null, high: null };
    for (const side of ["low", "high"] as const) {
      const parameter = named[side];
      if (parameter === undefined) rest[side] = wanted[side];
      else if (numberOf(step.parameters[parameter]) !== wanted[side])
        changes[parameter] = wanted[side];
    }
    rules = rules.filter((rule) => readPlainRule(rule)?.quality !== quality);
    const rule = ruleFor(quality, rest, unitOf(quality));
    if (rule !== null) rules = [...rules, rule];
  }
  const before = rulesOf(step);
  if (rules.length !== before.length || rules.some((rule, index) => rule !== before[index])) {
    changes["rules"] = rules;
  }
  return changes;
}

/** How many of the counts of a histogram lie within what is asked; bins that are cut count in part. */
export function keptOf(
  edges: readonly number[],
  counts: readonly number[],
  asked: Asked,
): { kept: number; total: number } {
  let kept = 0;
  let total = 0;
  counts.forEach((count, index) => {
    const from = edges[index] ?? 0;
    const to = edges[index + 1] ?? from;
    const low = Math.max(from, asked.low ?? from);
    const high = Math.min(to, asked.high ?? to);
    total += count;
    if (to > from) kept += count * Math.max(0, Math.min(1, (high - low) / (to - from)));
  });
  return { kept: Math.round(kept), total };
}

const STEPS = 200;
const ROOM = 0.04;

/** A step at 1, 2 or 5 times a power of ten, so that limits are numbers that people would type. */
function niceStep(raw: number, whole: boolean): number {
  if (!(raw > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((each) => each * power >= raw * 0.999) ?? 10) * power;
  return whole ? Math.max(1, Math.round(step)) : step;
}

/**
 * Ends and step of a slider over a histogram. A handle at the end means no limit, so the ends lie
 * beyond the limits of now.
 */
export function sliderRange(
  edges: readonly number[],
  now: Asked,
  whole: boolean,
): { start: number; end: number; step: number } {
  const first = edges[0] ?? Math.min(0, now.low ?? 0);
  const last = edges.at(-1) ?? Math.max(1, now.high ?? 1);
  const room = ROOM * Math.max(last - first, Math.abs(now.high ?? 0), Math.abs(now.low ?? 0), 1e-6);
  const low = now.low !== null && now.low <= first ? now.low - room : first;
  const high = now.high !== null && now.high >= last ? now.high + room : last;
  const step = niceStep((high - low) / STEPS, whole);
  return { start: floorTo(low, step), end: -floorTo(-high, step), step };
}

const floorTo = (value: number, step: number): number =>
  Number((Math.floor(value / step + 1e-9) * step).toPrecision(10));
