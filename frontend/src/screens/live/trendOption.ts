// The option of ECharts for a trend; colours and shapes tell kept, refused and clipped apart.

import { spanOf, type EChartsCoreOption, type Ink } from "@/charts";
import { figures, momentOn, SERIES, STATES } from "@/units";
import type { Dot, Trend } from "./trend";

const CROSS =
  "path://M0 1.5L1.5 0L5 3.500L8.500 0L10 1.500L6.500 5L10 8.500L8.500 10L5 6.500L1.500 10L0 8.500L3.500 5Z";
const LARGE = 1500;
/** Dots below four pixels are drawn all at once, which shapes of their own would not be. */
const atOnce = { large: true, largeThreshold: 100 };

/** What the plot does not tell by itself. */
export interface Told {
  /** Times of all that may be drawn, seconds. */
  times: readonly number[];
  /** What the pointer shows of a dot, by its place and the name of its series. */
  tip: (index: number, series: string) => string;
  /** In little room. */
  small?: boolean;
}

/** Everything that the plot shows. */
export function trendOption(
  trend: Trend,
  { times, tip, small = false }: Told,
  ink: Ink,
): EChartsCoreOption {
  const { axis } = trend;
  const many = trend.kept.length + trend.pale.length > LARGE;
  const side = small ? 24 : 46;
  const dots = (name: string, data: readonly Dot[], more: object): object => ({
    type: "scatter",
    name,
    data,
    symbolSize: many || small ? 3 : 5,
    animation: false,
    ...(many && atOnce),
    ...more,
  });
  return {
    grid: [
      { left: small ? 30 : 40, right: side + 12, top: 8, bottom: 20 },
      { width: side, right: 4, top: 8, bottom: 20 },
    ],
    xAxis: [timeAxis(ink, spanOf(times)), countAxis],
    yAxis: [valueAxis(ink, axis.low, axis.high), binAxis(trend.bins.kept.length)],
    tooltip: {
      trigger: "item",
      formatter: (hit: Hit) =>
        hit.seriesType === "scatter" && typeof hit.data !== "number"
          ? tip(hit.data[2], hit.seriesName)
          : "",
    },
    brush: {
      xAxisIndex: 0,
      yAxisIndex: 0,
      brushStyle: { borderWidth: 1, color: "rgba(0,114,178,0.12)", borderColor: "#0072b2" },
      outOfBrush: { colorAlpha: 1 },
      throttleType: "debounce",
      throttleDelay: 60,
    },
    toolbox: { show: false },
    series: [
      ...bands(trend),
      dots("others", trend.pale, {
        itemStyle: { color: ink.quiet, opacity: 0.18 },
        silent: many,
      }),
      dots("kept", trend.kept, {
        // Of runs the line and the band are seen; the dots are there to be pointed at.
        itemStyle: { color: STATES.busy, opacity: trend.band?.length ? 0 : many ? 0.45 : 0.8 },
        markLine: limitLines(trend, ink),
      }),
      dots("refused", trend.refused, {
        ...(many
          ? { ...atOnce, symbol: "rect", symbolSize: 3.5 }
          : { symbol: CROSS, symbolSize: 6 }),
        itemStyle: { color: STATES.bad },
      }),
      dots("beyond", trend.clipped, {
        symbol: "triangle",
        symbolSize: 8,
        symbolRotate: (value: Dot) => (value[1] >= axis.high ? 0 : 180),
        itemStyle: { color: STATES.bad },
      }),
      dots("outside the control limits", trend.strange ?? [], {
        symbolSize: 8,
        silent: true,
        itemStyle: { color: "transparent", borderColor: SERIES[3], borderWidth: 1.2 },
      }),
      {
        type: "line",
        name: "median",
        data: trend.middle,
        showSymbol: false,
        silent: true,
        animation: false,
        lineStyle: { color: ink.text, width: 1.5 },
      },
      bars("kept", trend.bins.kept, STATES.busy),
      bars("refused", trend.bins.refused, STATES.bad),
    ],
  };
}

interface Hit {
  seriesName: string;
  data: Dot | number;
  seriesType: string;
}

/** Limits of steps, and between which values of the session itself lie, where the axis has them. */
const limitLines = ({ ends, control, axis }: Trend, ink: Ink): object => ({
  silent: true,
  symbol: "none",
  animation: false,
  label: { show: false },
  data: [
    ...ends.map((end) => ({
      yAxis: end.value,
      lineStyle: {
        color: end.refuses ? STATES.bad : STATES.warning,
        type: end.refuses ? "dashed" : "dotted",
        width: 1.5,
      },
    })),
    ...[control?.low ?? null, control?.high ?? null]
      .filter((value) => value !== null && value > axis.low && value < axis.high)
      .map((value) => ({
        yAxis: value,
        lineStyle: { color: ink.quiet, type: [8, 3, 2, 3], width: 1 },
      })),
  ],
});

interface Coordinates {
  coord: (point: readonly [number, number]) => [number, number];
}

/** From the lowest to the highest value of runs of exposures. */
const bands = ({ band = [], axis }: Trend): object[] =>
  band.map((piece) => ({
    type: "custom",
    name: "range",
    silent: true,
    animation: false,
    data: [[piece[0]?.[0] ?? 0, axis.low]],
    renderItem: (_params: unknown, { coord }: Coordinates) => {
      const inside = (value: number): number => Math.min(axis.high, Math.max(axis.low, value));
      const up = piece.map(([time, , high]) => coord([time, inside(high)]));
      const down = piece.map(([time, low]) => coord([time, inside(low)])).reverse();
      const shape = { points: [...up, ...down] };
      return { type: "polygon", shape, style: { fill: STATES.busy, opacity: 0.22 } };
    },
  }));

const bars = (name: string, counts: readonly number[], color: string): object => ({
  type: "bar",
  name,
  stack: "counts",
  xAxisIndex: 1,
  yAxisIndex: 1,
  data: counts,
  barCategoryGap: "6%",
  itemStyle: { color },
  animation: false,
  silent: true,
});

const timeAxis = (ink: Ink, span: number): object => ({
  type: "value",
  scale: true,
  min: "dataMin",
  max: "dataMax",
  splitNumber: 3,
  axisLine: { lineStyle: { color: ink.line } },
  axisTick: { show: false },
  splitLine: { show: false },
  axisLabel: {
    color: ink.quiet,
    hideOverlap: true,
    formatter: (value: number) => clock(value, span),
  },
});

/** Time of day alone: plots are small, and the day is that of the session. */
const clock = (value: number, span: number): string =>
  momentOn(span, value).split(" ").at(-1) ?? "";

const valueAxis = (ink: Ink, low: number, high: number): object => ({
  type: "value",
  min: low,
  max: high,
  splitNumber: 3,
  axisLine: { show: false },
  axisTick: { show: false },
  splitLine: { lineStyle: { color: ink.line, opacity: 0.6 } },
  axisLabel: {
    color: ink.quiet,
    hideOverlap: true,
    showMinLabel: false,
    showMaxLabel: false,
    formatter: (value: number) => figures(value, 2),
  },
});

const countAxis = { type: "value", gridIndex: 1, show: false };

const binAxis = (count: number): object => ({
  type: "category",
  gridIndex: 1,
  show: false,
  data: Array.from({ length: count }, (_, index) => index),
});
