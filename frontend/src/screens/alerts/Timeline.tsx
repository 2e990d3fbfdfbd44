import { useElementSize } from "@mantine/hooks";
import { Panel, useNow } from "@/ui";
import { fullMoment, moment, momentOn, plural, STATES } from "@/units";
import styles from "./alerts.module.css";
import { lanes } from "./order";
import { TempoBars } from "./TempoBars";
import { changeWords, timeSpan, type Change, type Tempo } from "./timing";
import type { Alert } from "./types";

/** What the timeline shows of an alert. */
export type Held = Pick<
  Alert,
  | "number"
  | "level"
  | "message"
  | "since"
  | "until"
  | "cleared"
  | "acknowledged"
  | "acknowledgedBy"
  | "muted"
  | "mutedBy"
>;

interface Props {
  alerts: readonly Held[];
  /** What people and the session changed. */
  changes?: readonly Change[];
  /** How fast exposures came and were processed, where that is drawn, too. */
  tempo?: Tempo | null;
  /** What exposures are called there: movies. */
  called?: string;
  /** Seconds at which what still holds ends for now, where that is not this moment. */
  until?: number;
  /** Whether the session has ended: what still holds ends with it. */
  ended?: boolean;
  onPick: (alert: Held) => void;
  onChange?: () => void;
}

const LANE = 12;
const CHANGES = 20;
const RATE = 84;
const SIDE = 52;
const LEAST = 320;

const COLOUR: Readonly<Record<string, string>> = {
  critical: STATES.bad,
  warning: STATES.warning,
  notice: STATES.busy,
};

/** When each alert held, what was changed, and how fast it went, over the whole session. */
export function Timeline(props: Props) {
  const { alerts, changes = [], tempo = null, called = "movies", onPick, onChange } = props;
  const last = props.ended ? "the end" : "now";
  const { ref, width: measured } = useElementSize();
  const present = useNow();
  const now = props.until ?? present;
  if (alerts.length === 0 && changes.length === 0 && tempo === null) return null;
  const width = Math.max(LEAST, measured);
  const [start, end] = timeSpan(alerts, changes, tempo, now, props.ended);
  const held = alerts.some(({ cleared }) => cleared === null);
  const spans = lanes(alerts, start, end);
  const rows = spans.reduce((most, { lane }) => Math.max(most, lane + 1), 0);
  const under = rows * LANE + (changes.length > 0 ? CHANGES : 0) + 4;
  const height = under + (tempo ? RATE + 8 : 2);
  const left = tempo ? SIDE : 0;
  const x = (time: number): number => left + ((time - start) / (end - start)) * (width - left - 8);
  const words = [
    alerts.length > 0 && plural(alerts.length, "alert"),
    changes.length > 0 && plural(changes.length, "change"),
  ].filter(Boolean);
  return (
    <Panel
      title="Timeline"
      note={[words.join(", "), `${moment(start)} to ${held && !props.ended ? "now" : moment(end)}`]
        .filter(Boolean)
        .join("; ")}
    >
      <div ref={ref}>
        <svg
          className={styles.timeline}
          viewBox={`0 0 ${width} ${height}`}
          role="img"
          aria-label={`When the ${alerts.length} alerts held and ${plural(changes.length, "change")} came; lists say the same`}
        >
          {alerts.map((alert, index) => {
            const { from = 0, to = 0, lane = 0 } = spans[index] ?? {};
            const at = left + from * (width - left - 8);
            return (
              <g key={alert.number} data-alert={alert.level} onClick={() => onPick(alert)}>
                <title>{alertWords(alert, last)}</title>
                <rect
                  x={at}
                  y={lane * LANE + 1}
                  width={Math.max(3, (to - from) * (width - left - 8))}
                  height={LANE - 4}
                  rx="2"
                  fill={COLOUR[alert.level] ?? STATES.idle}
                  opacity={alert.cleared === null ? 1 : 0.55}
                />
                <text className={styles.care} x={at + 2} y={lane * LANE + 9}>
                  {[alert.acknowledged !== null && "✓", alert.muted !== null && "∅"]
                    .filter(Boolean)
                    .join(" ")}
                </text>
              </g>
            );
          })}
          {changes.map((change, index) => (
            <g
              key={index}
              data-change
              data-itself={change.by_session || undefined}
              onClick={onChange}
            >
              <title>{changeWords(change)}</title>
              <line x1={x(change.at)} x2={x(change.at)} y1={rows * LANE + 10} y2={height - 2} />
              <path d={`M${x(change.at).toFixed(1)} ${rows * LANE + 4}l5 6l-5 6l-5 -6Z`} />
            </g>
          ))}
          {tempo ? (
            <TempoBars tempo={tempo} called={called} x={x} top={under + 8} height={RATE - 8} />
          ) : (
            <line x1="0" x2={width} y1={under} y2={under} />
          )}
        </svg>
        <Ticks start={start} end={end} left={left} />
        {(changes.length > 0 || tempo) && <Key tempo={tempo} called={called} />}
      </div>
    </Panel>
  );
}

const alertWords = (alert: Held, last: string): string =>
  [
    `#${alert.number} ${alert.message}`,
    `${fullMoment(alert.since)} to ${alert.until === null ? last : fullMoment(alert.until)}`,
    alert.acknowledged !== null &&
      `acknowledged by ${alert.acknowledgedBy}, ${moment(alert.acknowledged)}`,
    alert.muted !== null && `muted until ${moment(alert.muted)} by ${alert.mutedBy}`,
  ]
    .filter(Boolean)
    .join("\n");

function Ticks({ start, end, left }: { start: number; end: number; left: number }) {
  const count = 5;
  return (
    <div className={styles.ticks} style={{ paddingLeft: left }} aria-hidden="true">
      {Array.from({ length: count }, (_, index) => (
        <span key={index}>
          {momentOn(end - start, start + ((end - start) * index) / (count - 1))}
        </span>
      ))}
    </div>
  );
}

function Key({ tempo, called }: { tempo: Tempo | null; called: string }) {
  return (
    <p className={styles.key}>
      <span data-level="critical">critical</span>
      <span data-level="warning">warning</span>
      <span data-level="notice">notice</span>
      <span>✓ acknowledged</span>
      <span>∅ muted</span>
      <span>◆ somebody changed something</span>
      <span>◇ the session did</span>
      {tempo && (
        <span>
          below: {called} {tempo.known ? "taken" : "found"} (bars) and processed (line)
        </span>
      )}
    </p>
  );
}
