import { useMemo } from "react";
import { Series, type Line } from "@/charts";
import { Empty, Panel } from "@/ui";
import { moment, number } from "@/units";
import type { Columns } from "../measured/types";
import { outlook, runningTotal, thinned, type Outlook, type Point } from "./particles";

const HOUR = 3600;

interface Props {
  columns: Columns | null;
  /** `particles.count` where particles are extracted, else `picks.count`. */
  name: string;
  /** Nothing is foreseen: the session has ended, or is that of a branch that is tried. */
  finished: boolean;
  /** Sum over all exposures, where the columns are thinned out. */
  total: number | null;
}

/** How many particles there are over time, and how many there will be at this rate. */
export function ParticlesPanel({ columns, name, finished, total }: Props) {
  const points = useMemo(() => {
    const counts = columns?.columns[name];
    if (!columns || !counts) return [];
    return scaledTo(total, runningTotal(columns.time, counts, columns.state));
  }, [columns, name, total]);
  const said = useMemo(() => (finished ? null : outlook(points, HOUR)), [points, finished]);
  const what = name === "picks.count" ? "picks" : "particles";
  return (
    <Panel title="Particles over time" note={noteOf(points, said, what)}>
      {points.length < 2 ? (
        <Empty title="No particles yet">They are counted as soon as a step picks them.</Empty>
      ) : (
        <Series
          label={`${what} over time: ${number(points.at(-1)?.total)} at ${moment(points.at(-1)?.time ?? 0)}`}
          lines={linesOf(points, said)}
          time
          digits={0}
          low={0}
          height={190}
        />
      )}
    </Panel>
  );
}

/** A sum over a sample, stretched to what all together have. */
function scaledTo(total: number | null, points: Point[]): Point[] {
  const last = points.at(-1)?.total ?? 0;
  if (total === null || last === 0 || total <= last) return points;
  return points.map((point) => ({ ...point, total: (point.total * total) / last }));
}

function linesOf(points: readonly Point[], said: Outlook | null): Line[] {
  const lines: Line[] = [
    { name: "so far", points: thinned(points, 300).map(({ time, total }) => [time, total]) },
  ];
  const last = points.at(-1);
  if (said && last) {
    const from: readonly [number, number] = [last.time, last.total];
    lines.push({ name: "at this rate", points: [from, [said.at, said.total]], dashed: true });
  }
  return lines;
}

function noteOf(points: readonly Point[], said: Outlook | null, what: string): string {
  const last = points.at(-1);
  if (!last) return "";
  const now = `${number(last.total)} ${what}`;
  if (!said) return now;
  const range = `${number(round(said.low))} to ${number(round(said.high))}`;
  return `${now}; ${number(round(said.perHour))} an hour, so ${range} at ${moment(said.at)}`;
}

/** Two figures: a forecast is not known better. */
const round = (value: number): number => Number(value.toPrecision(2));
