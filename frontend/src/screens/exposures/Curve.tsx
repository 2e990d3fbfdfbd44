import { useMemo } from "react";
import { axis, Chart, GRID, useInk } from "@/charts";
import { figures, SERIES, STATES, withUnit } from "@/units";
import type { Ctf } from "./types";

/** The 1-D curve: measured rings, the fit, and as far as they agree. */
export function Curve({ ctf }: { ctf: Ctf }) {
  const ink = useInk();
  const option = useMemo(() => {
    const line = (
      name: string,
      values: readonly (number | null)[],
      color: string | undefined,
      width: number,
    ) => ({
      type: "line",
      name,
      showSymbol: false,
      animation: false,
      lineStyle: { color, width },
      itemStyle: { color },
      data: ctf.frequency.map((s, index) => [s, values[index] ?? null]),
    });
    const reached = ctf.resolution ? 1 / ctf.resolution : null;
    const mark = reached !== null && {
      silent: true,
      symbol: "none",
      animation: false,
      label: {
        formatter: `fit to ${withUnit(figures(ctf.resolution), "Å")}`,
        color: ink.text,
        position: "end",
        rotate: 0,
      },
      lineStyle: { color: STATES.good, type: "solid", width: 1.5 },
      data: [{ xAxis: reached }],
    };
    return {
      // Room for the words above the mark, which may stand at the very end, and the legend above.
      grid: { ...GRID, top: 38, right: 40 },
      legend: { top: 0, left: 0, itemHeight: 8, textStyle: { color: ink.quiet, fontSize: 11 } },
      xAxis: {
        ...axis(ink, { min: 0, max: ctf.frequency.at(-1) }),
        axisLabel: {
          color: ink.quiet,
          hideOverlap: true,
          formatter: (s: number) => (s > 0 ? withUnit(figures(1 / s, 2), "Å") : "∞"),
        },
      },
      yAxis: {
        ...axis(ink, { min: -0.25, max: 1.25 }),
        interval: 0.25,
        axisLabel: {
          color: ink.quiet,
          formatter: (value: number) => (Number.isInteger(2 * value) ? String(value) : ""),
        },
      },
      tooltip: {
        trigger: "axis",
        formatter: (found: { seriesName: string; value: [number, number | null] }[]) => {
          const [first] = found;
          if (!first) return "";
          const at = withUnit(figures(1 / first.value[0]), "Å");
          return [at, ...found.map((one) => `${one.seriesName} ${figures(one.value[1])}`)].join(
            "\n",
          );
        },
      },
      series: [
        { ...line("measured", ctf.power, SERIES[0], 1.5), ...(mark && { markLine: mark }) },
        line("fitted CTF²", ctf.fit, SERIES[1], 1),
      ],
    };
  }, [ctf, ink]);
  return (
    <Chart
      label={`Radial average of the power spectrum with the fitted CTF; they agree to ${withUnit(figures(ctf.resolution), "Å")}`}
      option={option}
      height={204}
    />
  );
}
