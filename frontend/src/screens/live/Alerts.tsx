import { Link } from "react-router";
import { Empty, Panel } from "@/ui";
import { tally, tallyWords } from "../alerts/order";
import { AlertLine } from "../alerts/AlertLine";
import { fromLive } from "../alerts/types";
import styles from "./live.module.css";
import type { LiveAlert } from "./types";

const SHOWN = 4;

interface Props {
  session: string;
  alerts: readonly LiveAlert[];
  /** All of them here, those that passed too, with what to type: there is no other screen. */
  whole?: boolean;
}

/** What holds now, the worst first, each with what can be done about it. */
export function Alerts({ session, alerts, whole = false }: Props) {
  const holding = alerts.filter(({ cleared }) => cleared === null);
  // What only tells leaves the first screen of a page without other screens to the rest.
  const open = whole ? holding.filter(({ level }) => level !== "notice") : holding;
  const told = holding.filter((one) => !open.includes(one));
  const rest = whole
    ? [...open.slice(SHOWN), ...told, ...alerts.filter(({ cleared }) => cleared !== null)]
    : [];
  const counts = tally(alerts.map((one) => ({ ...one, raised: one.told })));
  const all = `/s/${encodeURIComponent(session)}/alerts`;
  const line = (alert: LiveAlert) => (
    <AlertLine key={alert.number} session={session} alert={fromLive(alert)} brief typed={whole} />
  );
  return (
    <Panel
      title="Alerts"
      note={tallyWords(counts)}
      tools={!whole && <Link to={all}>All alerts</Link>}
    >
      {open.length === 0 ? (
        <Empty title="Nothing needs you">
          {counts.passed > 0 && `${counts.passed} passed by themselves or were mended.`}
        </Empty>
      ) : (
        <ul className={styles.alerts}>{open.slice(0, SHOWN).map(line)}</ul>
      )}
      {!whole && open.length > SHOWN && <Link to={all}>{open.length - SHOWN} more</Link>}
      {rest.length > 0 && (
        <details className={styles.more}>
          <summary>{restWords(open.length - SHOWN, told.length, counts.passed)}</summary>
          <ul className={styles.alerts}>{rest.map(line)}</ul>
        </details>
      )}
    </Panel>
  );
}

const restWords = (open: number, told: number, passed: number): string =>
  [
    open > 0 && `${open} more`,
    told > 0 && `${told} ${told === 1 ? "notice" : "notices"}`,
    passed > 0 && `${passed} past ${passed === 1 ? "alert" : "alerts"}`,
  ]
    .filter(Boolean)
    .join(", ");
