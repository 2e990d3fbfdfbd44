import { Empty, Panel } from "@/ui";
import { moment } from "@/units";
import styles from "./live.module.css";
import type { Load } from "./types";

const WIDTH = 150;
const HEIGHT = 30;

/** A line through some values, in a box that begins at zero; broken where a value is unknown. */
export function sparkPath(
  points: readonly (readonly [number, number | null])[],
  width: number,
  height: number,
): string {
  if (points.length === 0) return "";
  const times = points.map(([time]) => time);
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const most = Math.max(1e-9, ...points.map(([, value]) => value ?? 0));
  return points
    .map(([time, value], index) => {
      if (value === null) return "";
      const x = last > first ? ((time - first) / (last - first)) * width : width;
      const y = height - (Math.max(0, value) / most) * height;
      return `${(points[index - 1]?.[1] ?? null) === null ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join("");
}

/** Load of the machine over the last hour. */
export function Machine({ machine }: { machine: readonly Load[] }) {
  return (
    <Panel title="Machine" note="the last hour">
      {machine.length === 0 ? (
        <Empty title="Not measured">
          A step that watches the machine, such as system.monitor, brings its load here.
        </Empty>
      ) : (
        <ul className={styles.machine}>
          {machine.map((load) => (
            <li key={load.name}>
              <span className={styles.loadTitle}>{load.title}</span>
              {load.points.length > 0 && (
                <svg
                  viewBox={`0 -2 ${WIDTH} ${HEIGHT + 4}`}
                  preserveAspectRatio="none"
                  role="img"
                  aria-label={sparkWords(load)}
                >
                  <path d={sparkPath(load.points, WIDTH, HEIGHT)} />
                </svg>
              )}
              <strong>{load.text}</strong>
              {load.note && <small>{load.note}</small>}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function sparkWords(load: Load): string {
  const first = load.points[0];
  return `${load.title}: ${load.text} now${first ? `, since ${moment(first[0])}` : ""}`;
}
