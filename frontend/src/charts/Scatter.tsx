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
  height?: number;
  onPoint?: (index: number) => void;
}

/** One quality against another. */
export function Scatter(props: ScatterProps) {
  const { label, x, y, names, colours, height = 240, onPoint } = props;
  const ink = useInk();
  const option = useMemo(() => {
    const points = x.values.map((value, index) => ({
      value: [value ?? NaN, y.values[index] ?? NaN, index],
      itemStyle: {
        color: colours?.[index] ?? STATES.busy,
        opacity: 0.75,
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
      series: [{ type: "scatter", symbolSize: 5, data: points, large: false, progressive: 4000 }],
    };
  }, [ink, x, y, names, colours]);
  return (
    <Chart
      label={label}
      option={option}
      height={height}
      on={{
        ...(onPoint && {
          click: (event: { data: { value: [number, number, number] } }) =>
            onPoint(event.data.value[2]),
        }),
      }}
    />
  );
}
