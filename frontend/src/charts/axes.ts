import { figures, momentOn, withUnit } from "@/units";
import type { Ink } from "./Chart";

/** Room around the plot: enough for the numbers of its axes. */
export const GRID = { left: 44, right: 10, top: 10, bottom: 22, containLabel: false };

interface AxisOptions {
  unit?: string;
  /** Seconds since the epoch are on it, so many of them. */
  span?: number;
  name?: string;
  min?: number;
  max?: number;
  /** What is on it is counted: no tick between two numbers. */
  counted?: boolean;
}

/** A number on an axis: no zeros that say nothing. */
const tick = (value: number): string => {
  const text = figures(value);
  return text.includes(".") && !text.includes("e") ? text.replace(/\.?0+$/, "") : text;
};

/** An axis of numbers or of time, quiet beside the data. */
export function axis(ink: Ink, options: AxisOptions = {}) {
  const { unit = "", span, name, min, max, counted } = options;
  return {
    type: "value" as const,
    scale: true,
    name,
    nameLocation: "middle" as const,
    nameGap: 26,
    nameTextStyle: { color: ink.quiet },
    min,
    max,
    minInterval: counted ? 1 : 0,
    splitNumber: 4,
    axisLine: { lineStyle: { color: ink.line } },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: ink.line, opacity: 0.6 } },
    axisLabel: {
      color: ink.quiet,
      hideOverlap: true,
      formatter: (value: number) =>
        span === undefined ? withUnit(tick(value), unit) : momentOn(span, value),
    },
    axisPointer: { label: { show: false } },
  };
}

/** How far apart the first and the last of some values are. */
export const spanOf = (values: readonly number[]): number =>
  values.reduce((most, one) => Math.max(most, one), -Infinity) -
  values.reduce((least, one) => Math.min(least, one), Infinity);
