import { useApi } from "@/api/queries";
import type { ShownDuty } from "@/api/types";
import { Age, DataTable, Panel, Shown, StateBadge, useNow, type Column } from "@/ui";
import { duration } from "@/units";
import styles from "./facility.module.css";

/** What the facility does over and over: what fails of it, and since when. */
export function Duties() {
  const duties = useApi<ShownDuty[]>("/facility/duties", {}, { every: 10_000 });
  return (
    <Panel title="Duties" note="what icestream facility run does over and over" flush>
      <Shown query={duties} what="The duties">
        {(rows) => (
          <DataTable
            label="Duties"
            rows={worstFirst(rows)}
            keyOf={(one) => one.name}
            columns={COLUMNS}
          />
        )}
      </Shown>
    </Panel>
  );
}

/** Those that fail come first. */
export const worstFirst = (rows: readonly ShownDuty[]): ShownDuty[] =>
  rows.toSorted(
    (one, two) => Number(two.failing_since !== null) - Number(one.failing_since !== null),
  );

const COLUMNS: readonly Column<ShownDuty>[] = [
  {
    title: "Duty",
    cell: (one) => (
      <>
        <span className={styles.name}>{one.name}</span>
        <div className={styles.quiet}>{one.what}</div>
      </>
    ),
  },
  { title: "How it goes", cell: (one) => <HowItGoes duty={one} /> },
  {
    title: "Last time",
    cell: (one) => (one.ended === null ? "never" : <Age time={one.ended} />),
  },
];

/** A duty is late when it did not come for three of its turns, and a minute. */
const late = (one: ShownDuty, now: number): boolean =>
  one.began !== null && now - one.began > 3 * one.every + 60;

function HowItGoes({ duty: one }: { duty: ShownDuty }) {
  const now = useNow();
  if (one.failing_since !== null)
    return (
      <>
        <StateBadge
          state="failed"
          tone="bad"
          label={`Fails for ${duration(Math.max(0, now - one.failing_since))}`}
        />
        <div className={styles.problem}>{one.problem}</div>
      </>
    );
  if (one.began === null)
    return (
      <>
        <StateBadge state="new" tone="idle" label="Never done yet" />
        <div className={styles.quiet}>icestream facility run does it.</div>
      </>
    );
  return (
    <>
      {late(one, now) ? (
        <StateBadge state="late" tone="warning" label="Late: does icestream facility run?" />
      ) : (
        <StateBadge state="good" tone="good" label={`Every ${duration(one.every)}`} />
      )}
      {one.said && <div className={styles.quiet}>{one.said}</div>}
    </>
  );
}
