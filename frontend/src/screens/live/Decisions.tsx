import { Empty, Panel } from "@/ui";
import { moment } from "@/units";
import styles from "./live.module.css";
import type { Decision } from "./types";

/** What people and monitors decided, the newest first, with who and why. */
export function Decisions({ decisions }: { decisions: readonly Decision[] }) {
  return (
    <Panel title="Decisions" note={decisions.length ? `the last ${decisions.length}` : undefined}>
      {decisions.length === 0 ? (
        <Empty title="Nobody has decided anything yet">
          Changed limits, accepted and rejected exposures and pauses are listed here with the
          person's name and reason.
        </Empty>
      ) : (
        <ol className={styles.decisions} tabIndex={0} aria-label="Decisions">
          {decisions.map((one) => (
            <li key={`${one.time} ${one.what}`}>
              <time dateTime={new Date(one.time * 1000).toISOString()}>{moment(one.time)}</time>
              <span>
                <strong>{one.who || "the workflow"}</strong>
                {one.by_session && <span className={styles.quiet}> (by itself)</span>} {one.what}
                {one.why && <span className={styles.quiet}> – “{one.why}”</span>}
              </span>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}
