import { ActionIcon, RangeSlider, Tooltip } from "@mantine/core";
import type { Schemas } from "@/api/types";
import { Icon, Term } from "@/ui";
import { figures, number, withUnit } from "@/units";
import type { Quality } from "../measured/types";
import styles from "./screen.module.css";
import { keptOf, sliderRange, type Asked } from "./selection";

/** Its edges are as stored. */
export type HistogramAnswer = Schemas["QualityBins"];

interface Props {
  quality: Quality;
  histogram: HistogramAnswer | undefined;
  asked: Asked;
  now: Asked;
  /** Its histogram is on its way: where its handles will stand is not known yet. */
  waits: boolean;
  onAsked: (asked: Asked) => void;
  /** Show the exposures within in the table. */
  onFilter: (asked: Asked) => void;
}

const WIDTH = 240;
const HEIGHT = 42;

/** A range over the histogram of a quality; a handle at the end of the range is no limit. */
export function LimitSlider({ quality, histogram, asked, now, waits, onAsked, onFilter }: Props) {
  const edges = (histogram?.edges ?? []).map((edge) => edge * quality.scale);
  const { start, end, step } = sliderRange(edges, now, quality.whole);
  const within = keptOf(edges, histogram?.counts ?? [], asked);
  const text = (value: number): string => withUnit(figures(value), quality.unit);
  const changed = asked.low !== now.low || asked.high !== now.high;
  const said = [
    asked.low === null ? "" : `from ${text(asked.low)}`,
    asked.high === null ? "" : `to ${text(asked.high)}`,
  ].filter(Boolean);
  return (
    <div className={styles.slider} data-changed={changed || undefined}>
      <div className={styles.sliderHead}>
        <Term means={quality.meaning || quality.title}>{quality.short}</Term>
        <strong>{said.length ? said.join(" ") : "no limit"}</strong>
        <Tooltip label="Show in the table what lies within">
          <ActionIcon
            size="xs"
            variant="subtle"
            aria-label={`Filter by ${quality.short}`}
            onClick={() => onFilter(asked)}
          >
            <Icon name="search" size={12} />
          </ActionIcon>
        </Tooltip>
      </div>
      <Bars histogram={histogram} edges={edges} start={start} end={end} asked={asked} />
      <RangeSlider
        size="sm"
        min={start}
        max={end}
        step={step}
        minRange={0}
        disabled={waits}
        label={text}
        thumbFromLabel={`${quality.short}: smallest`}
        thumbToLabel={`${quality.short}: largest`}
        value={[asked.low ?? start, asked.high ?? end]}
        onChange={([from, to]) =>
          onAsked({
            low: from <= start + step / 2 ? null : rounded(from, step),
            high: to >= end - step / 2 ? null : rounded(to, step),
          })
        }
      />
      <span className={styles.within}>
        {within.total > 0 && `${number(within.kept)} of ${number(within.total)} within`}
      </span>
    </div>
  );
}

const rounded = (value: number, step: number): number =>
  Number((Math.round(value / step) * step).toPrecision(8));

interface BarsProps {
  histogram: HistogramAnswer | undefined;
  edges: readonly number[];
  start: number;
  end: number;
  asked: Asked;
}

function Bars({ histogram, edges, start, end, asked }: BarsProps) {
  const most = Math.max(1, ...(histogram?.counts ?? []));
  const across = (value: number): number => ((value - start) / (end - start || 1)) * WIDTH;
  return (
    <svg
      className={styles.bars}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {histogram?.counts.map((count, index) => {
        const [from, to] = [edges[index] ?? 0, edges[index + 1] ?? 0];
        const middle = (from + to) / 2;
        const inside =
          (asked.low === null || middle >= asked.low) &&
          (asked.high === null || middle <= asked.high);
        const width = Math.max(0.5, across(to) - across(from) - 0.6);
        const rejected = histogram.rejected[index] ?? 0;
        const full = (count / most) * HEIGHT;
        const part = (rejected / most) * HEIGHT;
        return (
          <g key={index} data-inside={inside}>
            <rect
              className={styles.barAll}
              x={across(from)}
              y={HEIGHT - full}
              width={width}
              height={full}
            />
            <rect
              className={styles.barRejected}
              x={across(from)}
              y={HEIGHT - full}
              width={width}
              height={part}
            />
          </g>
        );
      })}
    </svg>
  );
}
