import { useMemo } from "react";
import { fullMoment, quality, SERIES } from "@/units";
import { axis, GRID, spanOf } from "./axes";
import { Chart, useInk } from "./Chart";

export interface Line {
  name: string;
  /** Horizontal and vertical values as shown; null where there is no value: the line has a gap. */
  points: readonly (readonly [number, number | null])[];
  colour?: string;
  /** Points without a line, for single measurements. */
  dots?: boolean;
  dashed?: boolean;
}

export interface Mark {
  value: number;
  label?: string;
  colour?: string;
}

/** Points of a line that are drawn, too. */
const FEW = 24;

interface SeriesProps {
  label: string;
  lines: readonly Line[];
  unit?: string;
  digits?: number;
  /** The horizontal axis is time (seconds since the epoch). */
  time?: boolean;
  /** Limits, drawn across. */
  marks?: readonly Mark[];
  low?: number;
  high?: number;
  height?: number;
  group?: string;
  /** A point was chosen, by the line's and its own index. */
  onPoint?: (line: number, index: number) => void;
}

const placesOf = (lines: readonly Line[]): number[] =>
  lines.flatMap(({ points }) => points.map(([place]) => place));

/** Values over time, or over any other number. */
export function Series(props: SeriesProps) {
  const { label, lines, unit = "", digits, time, marks, low, high, height, group, onPoint } = props;
  const ink = useInk();
  const option = useMemo(() => {
    const across = (marks ?? []).map((mark) => ({
      yAxis: mark.value,
      lineStyle: { color: mark.colour ?? ink.quiet, type: "dashed" },
      label: {
        show: Boolean(mark.label),
        formatter: mark.label,
        color: ink.quiet,
        position: "insideEndTop",
      },
    }));
    const places = placesOf(lines);
    return {
      grid: GRID,
      xAxis: axis(
        ink,
        time ? { span: spanOf(places) } : { counted: places.every(Number.isInteger) },
      ),
      yAxis: axis(ink, { min: low, max: high }),
      legend: lines.length > 1 ? { top: 0, right: 0, textStyle: { color: ink.quiet } } : undefined,
      tooltip: {
        trigger: "axis",
        axisPointer: { type: "line", lineStyle: { color: ink.quiet } },
        formatter: (found: { seriesName: string; value: [number, number | null] }[]) => {
          const [first] = found;
          if (!first) return "";
          const head = time ? fullMoment(first.value[0]) : String(first.value[0]);
          const rows = found.map(
            (one) => `${one.seriesName}: ${quality(one.value[1], { unit, digits })}`,
          );
          return [head, ...rows].join("\n");
        },
      },
      series: lines.map((line, index) => {
        const colour = line.colour ?? SERIES[index % SERIES.length];
        return {
          type: line.dots ? "scatter" : "line",
          name: line.name,
          data: line.points,
          symbolSize: line.dots ? 4 : 5,
          // A line of one point has no length: without its points nothing would be seen.
          showSymbol: line.dots ?? line.points.length <= FEW,
          large: line.dots && line.points.length > 3000,
          sampling: line.dots ? undefined : "lttb",
          lineStyle: { width: 1.5, type: line.dashed ? "dashed" : "solid", color: colour },
          itemStyle: { color: colour, opacity: line.dots ? 0.7 : 1 },
          markLine:
            index === 0 && across.length > 0
              ? { silent: true, symbol: "none", animation: false, data: across }
              : undefined,
        };
      }),
    };
  }, [ink, lines, marks, low, high, time, unit, digits]);
  return (
    <Chart
      label={label}
      option={option}
      height={height}
      group={group}
      on={
        onPoint && {
          click: (event: { seriesIndex: number; dataIndex: number }) =>
            onPoint(event.seriesIndex, event.dataIndex),
        }
      }
    />
  );
}
