import { useMemo } from "react";
import { axis, Chart, GRID, useInk } from "@/charts";
import { figures, number, SERIES, withUnit } from "@/units";
import type { Correlation } from "./types";

interface FscProps {
  fsc: Correlation;
  /** Å, where the curve falls below the first threshold; 0 when it does nowhere. */
  resolution: number;
}

/** The correlation of the halves over resolution, with its thresholds and where it proves nothing. */
export function FscChart({ fsc, resolution }: FscProps) {
  const ink = useInk();
  const option = useMemo(() => {
    const angstrom = (frequency: number) =>
      frequency > 0 ? withUnit(figures(1 / frequency, 2), "Å") : "∞";
    return {
      grid: { ...GRID, top: 16 },
      xAxis: {
        ...axis(ink, { min: 0, max: fsc.frequency.at(-1) }),
        axisLabel: { color: ink.quiet, hideOverlap: true, formatter: angstrom },
      },
      yAxis: { ...axis(ink, { min: Math.min(0, ...fsc.correlation), max: 1 }) },
      tooltip: {
        trigger: "axis",
        axisPointer: { type: "line", lineStyle: { color: ink.quiet } },
        formatter: ([point]: { value: [number, number] }[]) =>
          point ? `${angstrom(point.value[0])}: ${number(point.value[1], 3)}` : "",
      },
      series: [
        {
          type: "line",
          name: "FSC of the halves",
          showSymbol: false,
          data: fsc.frequency.map((frequency, index) => [frequency, fsc.correlation[index]]),
          lineStyle: { width: 2, color: SERIES[0] },
          markLine: {
            silent: true,
            symbol: "none",
            data: [
              ...fsc.thresholds.map((value) => ({
                yAxis: value,
                lineStyle: { color: ink.quiet, type: "dashed" },
                label: { formatter: String(value), position: "insideEndTop", color: ink.quiet },
              })),
              ...(resolution > 0
                ? [
                    {
                      xAxis: 1 / resolution,
                      lineStyle: { color: SERIES[5], type: "solid" },
                      label: { formatter: angstrom(1 / resolution), color: ink.text },
                    },
                  ]
                : []),
            ],
          },
          markArea: {
            silent: true,
            itemStyle: { color: ink.line, opacity: 0.45 },
            data: [[{ xAxis: 0 }, { xAxis: 1 / fsc.no_evidence }]],
          },
        },
      ],
    };
  }, [ink, fsc, resolution]);
  return (
    <Chart
      label="Fourier shell correlation of the two halves over resolution"
      option={option}
      height={190}
    />
  );
}
