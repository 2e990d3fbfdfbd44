import { useMemo } from "react";
import type { ECharts } from "@/charts";
import { fullMoment, figures, withUnit } from "@/units";
import type { Brush } from "../measured/brush";
import type { Columns, Quality } from "../measured/types";
import { numbersIn, trendOf } from "./trend";
import { TrendFigure } from "./TrendFigure";

interface Props {
  quality: Quality;
  columns: Columns;
  mask: Uint8Array | null;
  onBrush: (brush: Brush | null) => void;
  onOpen: (number: number) => void;
}

interface BrushEnd {
  areas: { coordRange: [[number, number], [number, number]] }[];
}

/** One quality over time with its histogram; a rectangle marks exposures in every plot. */
export function TrendPlot({ quality, columns, mask, onBrush, onOpen }: Props) {
  const trend = useMemo(() => trendOf(columns, quality, mask), [columns, quality, mask]);
  const told = useMemo(
    () => ({ times: columns.time, tip: tipOf(quality, columns) }),
    [quality, columns],
  );
  const brushed = ({ areas }: BrushEnd): void => {
    const [area] = areas;
    if (!area) {
      onBrush(null);
      return;
    }
    const [[from, to], [low, high]] = area.coordRange;
    const numbers = numbersIn(columns, from, to);
    onBrush({
      from: quality.name,
      numbers: numbers ?? [0, -1],
      quality: quality.name,
      range: inStore(quality, low, high, trend?.axis),
    });
  };
  return (
    <TrendFigure
      quality={quality}
      trend={trend}
      told={told}
      count={columns.shown}
      onMade={drawRectangles}
      on={{ brushEnd: brushed as never }}
      onPick={(index) => onOpen(columns.number[index] ?? 0)}
    />
  );
}

/** What the pointer shows of one exposure. */
const tipOf =
  (quality: Quality, columns: Columns) =>
  (index: number, series: string): string =>
    [
      `Exposure ${columns.number[index]}`,
      `${quality.short} ${withUnit(figures((columns.columns[quality.name]?.[index] ?? 0) * quality.scale), quality.unit)}`,
      fullMoment(columns.time[index] ?? 0),
      series === "kept" || series === "others" ? "" : series,
    ]
      .filter(Boolean)
      .join("\n");

/** Dragging draws a rectangle at once, without a tool to be chosen first. */
function drawRectangles(chart: ECharts): void {
  // A finger that moves over a plot scrolls the page.
  if (window.matchMedia("(pointer: coarse)").matches) return;
  setTimeout(() => {
    if (chart.isDisposed()) return;
    chart.dispatchAction({
      type: "takeGlobalCursor",
      key: "brush",
      brushOption: { brushType: "rect", brushMode: "single", removeOnClick: true },
    });
  });
}

/** The brushed values as stored; an edge of the axis takes in what is clipped there. */
function inStore(
  quality: Quality,
  low: number,
  high: number,
  axis: { low: number; high: number } | undefined,
): [number, number] {
  const room = axis ? 0.01 * (axis.high - axis.low) : 0;
  const from = axis && low <= axis.low + room ? -Infinity : low;
  const to = axis && high >= axis.high - room ? Infinity : high;
  return [from / quality.scale, to / quality.scale];
}
