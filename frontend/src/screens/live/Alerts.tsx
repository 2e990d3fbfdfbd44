import { Link } from "react-router";
import { Empty, Panel } from "@/ui";
import { tally, tallyWords } from "../alerts/order";
import { AlertLine } from "../alerts/AlertLine";
import { fromLive } from "../alerts/types";
import styles from "./live.module.css";
import type { LiveAlert } from "./types";

const SHOWN = 4;

/** What holds now, the worst first, each with what can be done about it. */
export function Alerts({ session, alerts }: { session: string; alerts: readonly LiveAlert[] }) {
  const open = alerts.filter(({ cleared }) => cleared === null);
  const counts = tally(alerts.map((one) => ({ ...one, raised: one.told })));
  return (
    <Panel
      title="Alerts"
      note={tallyWords(counts)}
      tools={<Link to={`/s/${encodeURIComponent(session)}/alerts`}>All alerts</Link>}
    >
      {open.length === 0 ? (
        <Empty title="Nothing needs you">
          {counts.passed > 0 && `${counts.passed} passed by themselves or were mended.`}
        </Empty>
      ) : (
        <ul className={styles.alerts}>
          {open.slice(0, SHOWN).map((alert) => (
            <AlertLine key={alert.number} session={session} alert={fromLive(alert)} brief />
          ))}
        </ul>
      )}
      {open.length > SHOWN && (
        <Link to={`/s/${encodeURIComponent(session)}/alerts`}>{open.length - SHOWN} more</Link>
      )}
    </Panel>
  );
}
