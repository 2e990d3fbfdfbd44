import { Panel, useNow } from "@/ui";
import { moment, STATES } from "@/units";
import styles from "./alerts.module.css";
import { lanes } from "./order";
import type { Alert } from "./types";

const WIDTH = 1000;
const LANE = 12;
const FOOT = 6;

const COLOUR: Readonly<Record<string, string>> = {
  critical: STATES.bad,
  warning: STATES.warning,
  notice: STATES.busy,
};

/** When each alert held, over the whole session. */
export function Timeline({ alerts, onPick }: { alerts: readonly Alert[]; onPick: () => void }) {
  const now = useNow();
  if (alerts.length === 0) return null;
  const start = Math.min(...alerts.map(({ since }) => since));
  const held = alerts.some(({ cleared }) => cleared === null);
  const last = Math.max(...alerts.map(({ until, since }) => until ?? since));
  // To the minute, so that the bars do not creep while a person looks at them.
  const end = held ? Math.ceil(now / 60) * 60 : Math.max(last, start + 60);
  const spans = lanes(alerts, start, end);
  const rows = Math.max(1, ...spans.map(({ lane }) => lane + 1));
  const height = rows * LANE + FOOT;
  return (
    <Panel title="Timeline" note={`${moment(start)} to ${held ? "now" : moment(end)}`}>
      <svg
        className={styles.timeline}
        viewBox={`0 0 ${WIDTH} ${height}`}
        preserveAspectRatio="none"
        style={{ height }}
        role="img"
        aria-label={`When the ${alerts.length} alerts held; the list below says the same`}
      >
        <line
          x1="0"
          x2={WIDTH}
          y1={rows * LANE + 3}
          y2={rows * LANE + 3}
          vectorEffect="non-scaling-stroke"
        />
        {alerts.map((alert, index) => {
          const span = spans[index];
          if (!span) return null;
          return (
            <rect
              key={alert.number}
              x={span.from * WIDTH}
              y={span.lane * LANE + 1}
              width={Math.max(2, (span.to - span.from) * WIDTH)}
              height={LANE - 4}
              rx="2"
              fill={COLOUR[alert.level] ?? STATES.idle}
              opacity={alert.cleared === null ? 1 : 0.55}
              onClick={onPick}
            >
              <title>{`#${alert.number} ${alert.message}`}</title>
            </rect>
          );
        })}
      </svg>
      <Ticks start={start} end={end} />
    </Panel>
  );
}

function Ticks({ start, end }: { start: number; end: number }) {
  const count = 5;
  return (
    <div className={styles.ticks} aria-hidden="true">
      {Array.from({ length: count }, (_, index) => (
        <span key={index}>{moment(start + ((end - start) * index) / (count - 1))}</span>
      ))}
    </div>
  );
}
