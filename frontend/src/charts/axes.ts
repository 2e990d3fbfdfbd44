import { figures, moment, withUnit } from "@/units";
import type { Ink } from "./Chart";

/** Room around the plot: enough for the numbers of its axes. */
export const GRID = { left: 44, right: 10, top: 10, bottom: 22, containLabel: false };

interface AxisOptions {
  unit?: string;
  /** Seconds since the epoch. */
  time?: boolean;
  name?: string;
  min?: number;
  max?: number;
}

/** A number on an axis: no zeros that say nothing. */
const tick = (value: number): string => {
  const text = figures(value);
  return text.includes(".") && !text.includes("e") ? text.replace(/\.?0+$/, "") : text;
};

/** An axis of numbers or of time, quiet beside the data. */
export function axis(ink: Ink, { unit = "", time, name, min, max }: AxisOptions = {}) {
  return {
    type: "value" as const,
    scale: true,
    name,
    nameLocation: "middle" as const,
    nameGap: 26,
    nameTextStyle: { color: ink.quiet },
    min,
    max,
    splitNumber: 4,
    axisLine: { lineStyle: { color: ink.line } },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: ink.line, opacity: 0.6 } },
    axisLabel: {
      color: ink.quiet,
      hideOverlap: true,
      formatter: (value: number) => (time ? moment(value) : withUnit(tick(value), unit)),
    },
    axisPointer: { label: { show: false } },
  };
}
