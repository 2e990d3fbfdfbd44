import { useMemo, type ReactNode } from "react";
import { Chart, useInk, type ECharts, type Handler } from "@/charts";
import { Term } from "@/ui";
import { figures, plural, withUnit } from "@/units";
import { limitWords } from "../measured/shown";
import type { Quality } from "../measured/types";
import styles from "./live.module.css";
import { clippedWords, type Trend } from "./trend";
import { trendOption, type Told } from "./trendOption";

interface Props {
  quality: Quality;
  /** Null where nothing is measured. */
  trend: Trend | null;
  told: Told;
  /** Of the exposures that are drawn. */
  count: number;
  /** In full, instead of its short name, with what it means below. */
  title?: string;
  below?: ReactNode;
  /** Pixels of the plot. */
  height?: number;
  /** The number beside the name, where that is not the median of the newest. */
  value?: ReactNode;
  on?: Readonly<Record<string, Handler>>;
  onMade?: (chart: ECharts) => void;
  /** A dot was pressed, by its place. */
  onPick: (index: number) => void;
}

const HEIGHT = 148;

/** One quality over time, with its histogram at the side. */
export function TrendFigure(props: Props) {
  const { quality, trend, told, count, title, below, height = HEIGHT, value } = props;
  const { on, onMade, onPick } = props;
  const ink = useInk();
  const option = useMemo(() => (trend ? trendOption(trend, told, ink) : {}), [trend, told, ink]);
  const clipped = trend ? clippedWords(trend.axis) : "";
  const words = [quality.meaning, limitWords(quality)].filter(Boolean).join("; ");
  const recent = trend ? withUnit(figures(trend.recent), quality.unit) : "–";
  return (
    <figure className={styles.trend}>
      <figcaption>
        {title ? <span>{title}</span> : <Term means={words || quality.title}>{quality.short}</Term>}
        <span className={styles.clipped}>{clipped}</span>
        <strong>{value ?? recent}</strong>
      </figcaption>
      {below && <p className={styles.meaning}>{below}</p>}
      {trend ? (
        <Chart
          label={`${quality.title} over time, ${plural(count, "exposure")}; median of the last 50: ${figures(trend.recent)} ${quality.unit}${clipped ? `; ${clipped} the axis` : ""}`}
          option={option}
          height={height}
          onMade={onMade}
          on={{
            ...on,
            click: ((event: { data: number[] }) => onPick(event.data[2] ?? 0)) as never,
          }}
        />
      ) : (
        <p className={styles.unmeasured}>not measured yet</p>
      )}
    </figure>
  );
}
