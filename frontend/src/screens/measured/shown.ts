// Values of qualities as people read them.

import { number, withUnit } from "@/units";
import type { Quality } from "./types";

/** The number alone, in the unit that is shown; fewer digits where it is large. */
export function shownNumber(value: number | null | undefined, quality: Quality): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const scaled = value * quality.scale;
  const size = Math.abs(scaled);
  if (quality.whole || size >= 99.95) return number(scaled);
  const digits = size >= 9.995 ? Math.min(quality.digits, 1) : quality.digits;
  const text = number(scaled, digits);
  // A row of zeros says no more than one.
  return Number(text) === 0 ? "0" : text;
}

/** The number with its unit. */
export const shownValue = (value: number | null | undefined, quality: Quality): string =>
  withUnit(shownNumber(value, quality), quality.unit);

/** The same quality for values that are in the unit of the screen already. */
export const inShownUnit = (quality: Quality): Quality => ({ ...quality, scale: 1 });

/** A number that is in the unit of the screen already, such as a limit. */
export const shownLimit = (value: number, quality: Quality): string =>
  withUnit(asSet(value), quality.unit);

/** A number as a person set it: without digits that nobody typed. */
const asSet = (value: number): string =>
  Math.abs(value) >= 1000 ? number(value) : String(Number(value.toPrecision(6))).replace("-", "−");

/** What is refused and what is warned of, in words. */
export function limitWords(quality: Quality): string {
  const words = quality.limits.flatMap((line) => {
    const ends = [
      line.low === null ? "" : `below ${shownLimit(line.low, quality)}`,
      line.high === null ? "" : `above ${shownLimit(line.high, quality)}`,
    ].filter(Boolean);
    return ends.length === 0
      ? []
      : [`${line.refuses ? "refused" : "warning"} ${ends.join(" or ")}`];
  });
  return [...new Set(words)].join("; ");
}
