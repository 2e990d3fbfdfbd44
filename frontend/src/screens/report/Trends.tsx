import { Button } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useMemo, useState } from "react";
import { sessionPath, useApi } from "@/api/queries";
import { trendOf } from "../live/trend";
import { TrendFigure } from "../live/TrendFigure";
import { breach } from "../measured/limits";
import { inShownUnit, limitWords, shownValue } from "../measured/shown";
import type { Columns, Quality } from "../measured/types";
import { Panel } from "@/ui";
import { fullMoment, moment, number, withUnit } from "@/units";
import { isOutside, trendFrom } from "./trend";
import type { Control, FileTrend, TrendsFile } from "./types";
import styles from "./record.module.css";

/** Of the last exposures that can be looked at alone. */
const RECENT = 250;
const FIRST = 6;
/** A phone shows the first few, and the others when asked for. */
const PHONE = "(max-width: 45em)";
const FEW = 4;
/** Pixels of a plot on the first screen. */
const LOW = 92;

interface OneProps {
  told: FileTrend;
  trends: TrendsFile;
  quality: Quality;
  /** With its whole name, what it means, and its limits. */
  whole?: boolean;
  onOpen: (number: number) => void;
}

/** A quality over the whole session. */
function One({ told, trends, quality: measured, whole = false, onOpen }: OneProps) {
  const quality = useMemo(() => inShownUnit(measured), [measured]);
  const trend = useMemo(() => {
    const drawn = trendFrom(told, trends, quality);
    return whole ? drawn : { ...drawn, control: null, strange: [] };
  }, [told, trends, quality, whole]);
  const tip = useMemo(
    () => ({ times: trends.time, tip: tipOf(told, trends, quality), small: !whole }),
    [told, trends, quality, whole],
  );
  const words = whole && [
    quality.meaning,
    limitWords(quality),
    controlWords(told.control, quality),
  ];
  return (
    <TrendFigure
      quality={quality}
      trend={trend}
      told={tip}
      count={told.count}
      height={whole ? undefined : LOW}
      title={whole ? quality.title : undefined}
      below={words && words.filter(Boolean).join(" · ")}
      value={`${whole ? "median " : ""}${shownValue(told.median, quality)}`}
      onPick={(index) => onOpen((trends.first[index] ?? 0) + 1)}
    />
  );
}

/** What the pointer shows of an exposure, or of a run of them. */
const tipOf =
  (told: FileTrend, { width, first, time, rejected }: TrendsFile, quality: Quality) =>
  (index: number): string => {
    const many = width > 1;
    const value = told.mid[index] ?? null;
    const [low, high] = [told.low?.[index] ?? value, told.high?.[index] ?? value];
    const beyond = breach(value, quality.limits);
    const strange = [low, high].some((one) => one !== null && isOutside(one, told.control));
    const at = (first[index] ?? 0) + 1;
    return [
      `${many ? "median " : ""}${shownValue(value, quality)}`,
      many && `${shownValue(low, quality)} to ${shownValue(high, quality)}`,
      beyond && `beyond the limit: ${beyond === "refuses" ? "refused" : "warning"}`,
      strange && `${many ? "some " : ""}outside the control limits`,
      (rejected[index] ?? 0) > 0 && `${many ? `${rejected[index]} ` : ""}rejected`,
      many ? `exposures ${at} to ${at + width - 1}` : `exposure ${at}`,
      many ? moment(time[index] ?? 0) : fullMoment(time[index] ?? 0),
    ]
      .filter(Boolean)
      .join("\n");
  };

/** The session's own limits, and how many values lie outside. */
function controlWords(control: Control | null, quality: Quality): string {
  if (!control) return "";
  const ends =
    control.low === null
      ? `up to ${shownValue(control.high, quality)}`
      : `${shownValue(control.low, quality)} to ${shownValue(control.high, quality)}`;
  return `control limits ${ends}: ${number(control.outside)} outside`;
}

interface Props {
  session: string;
  branch: string;
  /** Exposures of the session. */
  found: number;
  qualities: readonly Quality[];
  trends: TrendsFile;
  /** Plots that are shown at once, the others when asked for; all when not given. */
  first?: number;
  recent: boolean;
  onRecent: (recent: boolean) => void;
  onOpen: (number: number) => void;
}

/** Every quality over the session, or of its last exposures one by one. */
export function Trends(props: Props) {
  const { session, branch, found, qualities, trends, recent, onRecent, onOpen } = props;
  const many = found > RECENT;
  const alone = recent && many;
  const last = useApi<Columns>(
    sessionPath(session, "/columns"),
    {
      names: trends.qualities.map(({ name }) => name).join(","),
      where: `number:${found - RECENT + 1}:`,
      most: RECENT,
      branch,
    },
    { enabled: alone },
  ).data;
  const few = useMediaQuery(PHONE) ? FEW : (props.first ?? trends.qualities.length);
  const [more, setMore] = useState(false);
  const plots = trends.qualities.flatMap((told) => {
    const quality = qualities.find(({ name }) => name === told.name);
    if (!quality) return [];
    return alone && last ? (
      <Recent
        key={told.name}
        columns={last}
        quality={quality}
        control={told.control}
        onOpen={onOpen}
      />
    ) : (
      <One key={told.name} {...{ told, trends, quality, onOpen }} whole />
    );
  });
  const note =
    trends.width > 1 && !alone
      ? `each point stands for ${trends.width} exposures: line median, band from lowest to highest`
      : "a dot for each exposure, a cross where it was rejected; triangles lie beyond the axis";
  const span = (wanted: boolean, title: string) => (
    <Button
      size="compact-xs"
      variant={alone === wanted ? "filled" : "default"}
      aria-pressed={alone === wanted}
      onClick={() => onRecent(wanted)}
    >
      {title}
    </Button>
  );
  return (
    <Panel
      title="Trends"
      note={note}
      tools={
        many && (
          <div className={styles.choice} role="group" aria-label="Exposures shown">
            {span(false, "whole session")}
            {span(true, `last ${RECENT}`)}
          </div>
        )
      }
    >
      <p className={styles.key}>
        <span data-line="refuses">refused beyond</span>
        <span data-line="warns">warning beyond</span>
        <span data-line="control" title="median ± 3 robust σ of this session">
          control limits
        </span>
        <span data-line="outside">outside them</span>
      </p>
      <div className={styles.pair}>{plots.slice(0, few)}</div>
      {plots.length > few && (
        <details className={styles.fold} onToggle={(event) => setMore(event.currentTarget.open)}>
          <summary>{plots.length - few} more</summary>
          {more && <div className={styles.pair}>{plots.slice(few)}</div>}
        </details>
      )}
    </Panel>
  );
}

interface RecentProps {
  columns: Columns;
  quality: Quality;
  control: Control | null;
  onOpen: (number: number) => void;
}

function Recent({ columns, quality, control, onOpen }: RecentProps) {
  const trend = useMemo(() => {
    const drawn = trendOf(columns, quality, null);
    return drawn && { ...drawn, control };
  }, [columns, quality, control]);
  const told = useMemo(
    () => ({
      times: columns.time,
      tip: (index: number) =>
        [
          shownValue(columns.columns[quality.name]?.[index], quality),
          `exposure ${columns.number[index]}`,
          fullMoment(columns.time[index] ?? 0),
        ].join("\n"),
    }),
    [columns, quality],
  );
  return (
    <TrendFigure
      quality={quality}
      trend={trend}
      told={told}
      count={columns.shown}
      title={quality.title}
      below={[quality.meaning, limitWords(quality)].filter(Boolean).join(" · ")}
      value={trend && `last 50: ${withUnit(shownValue(trend.recent, quality), "")}`}
      onPick={(index) => onOpen(columns.number[index] ?? 0)}
    />
  );
}

/** The qualities that say most, small. */
export function MiniTrends({
  qualities,
  trends,
  onOpen,
}: Pick<Props, "qualities" | "trends" | "onOpen">) {
  return (
    <Panel>
      <div className={styles.minis}>
        {trends.qualities.slice(0, FIRST).map((told) => {
          const quality = qualities.find(({ name }) => name === told.name);
          return quality && <One key={told.name} {...{ told, trends, quality, onOpen }} />;
        })}
      </div>
    </Panel>
  );
}
