import { useMemo } from "react";
import { figures, STATES, plural, withUnit } from "@/units";
import { axis, GRID } from "./axes";
import { Chart, useInk } from "./Chart";
import type { Mark } from "./Series";

export interface Part {
  name: string;
  /** One for each bin. */
  counts: readonly number[];
  colour?: string;
}

interface HistogramProps {
  label: string;
  /** One more than there are bins, as shown. */
  edges: readonly number[];
  /** Drawn on top of one another, such as accepted and rejected. */
  parts: readonly Part[];
  unit?: string;
  /** What is counted. */
  what?: string;
  marks?: readonly Mark[];
  height?: number;
}

/** How often each value occurs. */
export function Histogram(props: HistogramProps) {
  const { label, edges, parts, unit = "", what = "exposure", marks, height = 150 } = props;
  const ink = useInk();
  const option = useMemo(() => {
    const low = edges[0] ?? 0;
    const high = edges.at(-1) ?? 1;
    const width = (high - low) / Math.max(1, edges.length - 1);
    return {
      grid: GRID,
      xAxis: { ...axis(ink, { min: low, max: high }), splitLine: { show: false } },
      yAxis: { ...axis(ink), scale: false, minInterval: 1, splitNumber: 2 },
      tooltip: {
        trigger: "axis",
        axisPointer: { type: "none" },
        formatter: (
          found: { seriesName: string; value: [number, number]; dataIndex: number }[],
        ) => {
          const [first] = found;
          if (!first) return "";
          const from = figures(edges[first.dataIndex]);
          const to = withUnit(figures(edges[first.dataIndex + 1]), unit);
          const rows = found.map((one) =>
            parts.length > 1
              ? `${one.seriesName}: ${plural(one.value[1], what)}`
              : plural(one.value[1], what),
          );
          return [`${from} to ${to}`, ...rows].join("\n");
        },
      },
      series: parts.map((part, index) => ({
        type: "bar",
        stack: "all",
        name: part.name,
        barWidth: "96%",
        barCategoryGap: 0,
        data: part.counts.map((count, bin) => [low + (bin + 0.5) * width, count]),
        itemStyle: { color: part.colour ?? STATES.busy },
        large: false,
        markLine:
          index === 0 && marks && marks.length > 0
            ? {
                silent: true,
                symbol: "none",
                animation: false,
                data: marks.map((mark) => ({
                  xAxis: mark.value,
                  lineStyle: { color: mark.colour ?? ink.text, type: "dashed" },
                  label: { show: Boolean(mark.label), formatter: mark.label, color: ink.quiet },
                })),
              }
            : undefined,
      })),
    };
  }, [ink, edges, parts, unit, what, marks]);
  return <Chart label={label} option={option} height={height} />;
}
