import { useMemo } from "react";
import { figures, STATES, withUnit } from "@/units";
import { axis, GRID } from "./axes";
import { Chart, useInk } from "./Chart";

interface Side {
  title: string;
  unit: string;
  values: readonly (number | null)[];
}

interface ScatterProps {
  label: string;
  x: Side;
  y: Side;
  /** Name of each point, for the tooltip. */
  names?: readonly string[];
  /** Colour of each point; one for all when not given. */
  colours?: readonly string[];
  /** Indices of the points that are chosen; the others are drawn pale. Null: all of them. */
  chosen?: ReadonlySet<number> | null;
  height?: number;
  onPoint?: (index: number) => void;
  /** The points inside a rectangle that a person has drawn; null when it was taken away. */
  onChoose?: (indices: number[] | null) => void;
}

interface Brushed {
  batch: { areas: unknown[]; selected: { seriesIndex: number; dataIndex: number[] }[] }[];
}

/** One quality against another; a rectangle chooses points, for linked plots. */
export function Scatter(props: ScatterProps) {
  const { label, x, y, names, colours, chosen, height = 240, onPoint, onChoose } = props;
  const ink = useInk();
  const option = useMemo(() => {
    const points = x.values.map((value, index) => ({
      value: [value ?? NaN, y.values[index] ?? NaN, index],
      itemStyle: {
        color: colours?.[index] ?? STATES.busy,
        opacity: !chosen || chosen.has(index) ? 0.75 : 0.12,
      },
    }));
    return {
      grid: { ...GRID, bottom: 38 },
      xAxis: axis(ink, { name: withUnit(x.title, x.unit && `(${x.unit})`) }),
      yAxis: { ...axis(ink), name: "", nameGap: 36 },
      tooltip: {
        trigger: "item",
        formatter: ({ value: [a, b, index] }: { value: [number, number, number] }) =>
          [
            names?.[index],
            `${x.title}: ${withUnit(figures(a), x.unit)}`,
            `${y.title}: ${withUnit(figures(b), y.unit)}`,
          ]
            .filter(Boolean)
            .join("\n"),
      },
      brush: onChoose
        ? { xAxisIndex: 0, yAxisIndex: 0, throttleType: "debounce", throttleDelay: 80 }
        : undefined,
      toolbox: { show: false },
      series: [{ type: "scatter", symbolSize: 5, data: points, large: false, progressive: 4000 }],
    };
  }, [ink, x, y, names, colours, chosen, onChoose]);
  return (
    <Chart
      label={label}
      option={option}
      height={height}
      onMade={(chart) => {
        if (onChoose)
          setTimeout(() => {
            if (chart.isDisposed()) return;
            chart.dispatchAction({
              type: "takeGlobalCursor",
              key: "brush",
              brushOption: { brushType: "rect", brushMode: "single" },
            });
          });
      }}
      on={{
        ...(onPoint && {
          click: (event: { data: { value: [number, number, number] } }) =>
            onPoint(event.data.value[2]),
        }),
        ...(onChoose && {
          brushEnd: (event: { areas: unknown[] }) => {
            if (event.areas.length === 0) onChoose(null);
          },
          brushSelected: (event: Brushed) => {
            const [first] = event.batch;
            if (first && first.areas.length > 0) onChoose(first.selected[0]?.dataIndex ?? []);
          },
        }),
      }}
    />
  );
}
