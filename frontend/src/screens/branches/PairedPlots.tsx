import { NativeSelect } from "@mantine/core";
import { useMemo, useState } from "react";
import { axis, Chart, GRID, Histogram, useInk } from "@/charts";
import { figures, SERIES, withUnit } from "@/units";
import styles from "./branches.module.css";
import { betterWay, differenceBins, leading } from "./pairing";
import type { ComparedQuality, ComparedStep, Comparison } from "./types";

/** The new value of each exposure over the old one, and how the differences are spread. */
export function PairedPlots({ step, found }: { step: ComparedStep; found: Comparison }) {
  const plotted = step.qualities.filter(
    (one) => one.points.length > 1 && (one.higher || one.lower),
  );
  const [chosen, setChosen] = useState<string | null>(null);
  const quality = plotted.find((one) => one.name === chosen) ?? leading(plotted);
  const bins = quality ? differenceBins(quality) : null;
  if (!quality || !bins) return null;
  const way = betterWay(quality);
  const side = way === null ? "" : `; ${way} the line is better`;
  return (
    <div className={styles.paired}>
      <NativeSelect
        size="xs"
        aria-label="Quality that is plotted"
        className={styles.narrow}
        value={quality.name}
        onChange={(event) => setChosen(event.currentTarget.value)}
        data={plotted.map((one) => ({ value: one.name, label: one.title }))}
      />
      <div className={styles.plots}>
        <figure>
          <PairScatter quality={quality} found={found} />
          <figcaption className={styles.quiet}>
            {quality.title}: {found.new} over {found.old}
            {side}.
          </figcaption>
        </figure>
        <figure>
          <Histogram
            label={`Differences of ${quality.title}`}
            edges={bins.edges}
            parts={[{ name: "Exposures", counts: bins.counts }]}
            unit={quality.unit}
            marks={[{ value: 0 }]}
            height={240}
          />
          <figcaption className={styles.quiet}>
            {found.new} less {found.old}, of each exposure.
          </figcaption>
        </figure>
      </div>
    </div>
  );
}

function PairScatter({ quality, found }: { quality: ComparedQuality; found: Comparison }) {
  const ink = useInk();
  const option = useMemo(() => {
    const { scale, unit, points } = quality;
    const values = points.flatMap((point) => [point.old * scale, point.new * scale]);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const room = 0.05 * (high - low) || 0.05 * Math.abs(high) || 1;
    const ends = { min: low - room, max: high + room };
    const said = (value: number) => withUnit(figures(value, 4), unit);
    return {
      grid: { ...GRID, bottom: 36 },
      xAxis: axis(ink, { ...ends, name: withUnit(found.old, unit && `(${unit})`) }),
      yAxis: axis(ink, ends),
      tooltip: {
        trigger: "item",
        formatter: ({ data }: { data: [number, number, string] }) =>
          `${data[2]}\n${found.old}: ${said(data[0])}\n${found.new}: ${said(data[1])}`,
      },
      series: [
        {
          type: "line",
          silent: true,
          showSymbol: false,
          tooltip: { show: false },
          data: [
            [ends.min, ends.min],
            [ends.max, ends.max],
          ],
          lineStyle: { color: ink.quiet, type: "dashed", width: 1 },
        },
        {
          type: "scatter",
          symbolSize: 7,
          itemStyle: { color: SERIES[0], opacity: 0.75 },
          data: points.map((point) => [point.old * scale, point.new * scale, point.exposure]),
        },
      ],
    };
  }, [ink, quality, found]);
  return (
    <Chart
      label={`${quality.title}: ${found.new} over ${found.old}`}
      option={option}
      height={240}
    />
  );
}
