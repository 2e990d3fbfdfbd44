import { useMemo } from "react";
import { Chart, useInk, type ECharts } from "@/charts";
import { Term } from "@/ui";
import { plural, withUnit, figures } from "@/units";
import type { Brush } from "../measured/brush";
import { limitWords } from "../measured/shown";
import type { Columns, Quality } from "../measured/types";
import styles from "./live.module.css";
import { clippedWords, numbersIn, trendOf } from "./trend";
import { trendOption } from "./trendOption";

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

const HEIGHT = 148;

/** One quality over time with its histogram; a rectangle marks exposures in every plot. */
export function TrendPlot({ quality, columns, mask, onBrush, onOpen }: Props) {
  const ink = useInk();
  const trend = useMemo(() => trendOf(columns, quality, mask), [columns, quality, mask]);
  const option = useMemo(
    () => (trend ? trendOption(trend, quality, columns, ink) : {}),
    [trend, quality, columns, ink],
  );
  const clipped = trend ? clippedWords(trend.axis) : "";
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
  const words = [quality.meaning, limitWords(quality)].filter(Boolean).join("; ");
  return (
    <figure className={styles.trend}>
      <figcaption>
        <Term means={words || quality.title}>{quality.short}</Term>
        <span className={styles.clipped}>{clipped}</span>
        <strong>{trend ? withUnit(figures(trend.recent), quality.unit) : "–"}</strong>
      </figcaption>
      {trend ? (
        <Chart
          label={`${quality.title} over time, ${plural(columns.shown, "exposure")}; median of the last 50: ${figures(trend.recent)} ${quality.unit}${clipped ? `; ${clipped} the axis` : ""}`}
          option={option}
          height={HEIGHT}
          onMade={drawRectangles}
          on={{
            brushEnd: brushed as never,
            click: ((event: { data: number[] }) =>
              onOpen(columns.number[event.data[2] ?? 0] ?? 0)) as never,
          }}
        />
      ) : (
        <p className={styles.unmeasured}>not measured yet</p>
      )}
    </figure>
  );
}

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
