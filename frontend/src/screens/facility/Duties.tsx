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

/** Those that something is wrong with come first. */
export const worstFirst = (rows: readonly ShownDuty[]): ShownDuty[] =>
  rows.toSorted((one, two) => Number(two.trouble !== "") - Number(one.trouble !== ""));

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

const BAD = {
  fails: "Fails",
  late: "Late",
  undone: "Nobody does it",
} as const;

function HowItGoes({ duty: one }: { duty: ShownDuty }) {
  const now = useNow();
  if (one.standing !== "well") {
    const since = one.standing === "fails" ? one.failing_since : null;
    const span = since === null ? "" : ` for ${duration(Math.max(0, now - since))}`;
    return (
      <>
        <StateBadge state="failed" tone="bad" label={`${BAD[one.standing]}${span}`} />
        <div className={styles.problem}>{one.standing === "fails" ? one.problem : one.trouble}</div>
      </>
    );
  }
  return (
    <>
      <StateBadge
        state="good"
        tone="good"
        label={one.every < 1 ? "All the time" : `Every ${duration(one.every)}`}
      />
      {one.said && <div className={styles.quiet}>{one.said}</div>}
    </>
  );
}
