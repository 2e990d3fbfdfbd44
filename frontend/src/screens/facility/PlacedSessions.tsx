import { NativeSelect } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import { useApi } from "@/api/queries";
import type { FacilityMicroscope, PlacedSession } from "@/api/types";
import { Age, DataTable, Empty, Panel, Shown, StateBadge, type Column } from "@/ui";
import { number } from "@/units";
import styles from "./facility.module.css";

const STATES = ["running", "done", "stopped", "failed", "archived", "gone"];

/** Sessions of all microscopes, the newest first. */
export function PlacedSessions({ microscopes }: { microscopes: readonly FacilityMicroscope[] }) {
  const [microscope, setMicroscope] = useState("");
  const [state, setState] = useState("");
  const rows = useApi<PlacedSession[]>(
    "/facility/sessions",
    { microscope, state },
    { every: 15_000 },
  );
  const names = microscopes.map((one) => ({ value: one.name, label: one.title }));
  return (
    <Panel
      title="Sessions"
      flush
      tools={
        <>
          <NativeSelect
            size="xs"
            aria-label="Microscope"
            value={microscope}
            onChange={(event) => setMicroscope(event.currentTarget.value)}
            data={[{ value: "", label: "All microscopes" }, ...names]}
          />
          <NativeSelect
            size="xs"
            aria-label="State"
            value={state}
            onChange={(event) => setState(event.currentTarget.value)}
            data={[{ value: "", label: "All states" }, ...STATES]}
          />
        </>
      }
    >
      <Shown query={rows} what="The sessions">
        {(sessions) =>
          sessions.length === 0 ? (
            <Empty title="No session">
              <Link to="/begin">Begin one for a booking</Link>
            </Empty>
          ) : (
            <DataTable
              label="Sessions of the facility"
              rows={sessions}
              keyOf={(one) => one.key}
              columns={COLUMNS}
            />
          )
        }
      </Shown>
    </Panel>
  );
}

const COLUMNS: readonly Column<PlacedSession>[] = [
  { title: "Session", cell: (one) => <Named session={one} /> },
  { title: "State", cell: (one) => <StateOf session={one} /> },
  { title: "Microscope", cell: (one) => one.microscope || "–" },
  { title: "Project", cell: (one) => one.project || "–" },
  { title: "For", cell: (one) => one.operator || "–" },
  { title: "Began", cell: (one) => <Age time={one.began} /> },
  { title: "Exposures", right: true, cell: (one) => number(one.exposures) },
];

function Named({ session: one }: { session: PlacedSession }) {
  return (
    <>
      {one.id === null ? (
        <span className={styles.name}>{one.name}</span>
      ) : (
        <Link className={styles.name} to={`/s/${encodeURIComponent(one.id)}`}>
          {one.name}
        </Link>
      )}
      {one.confidential && <div className={styles.quiet}>confidential</div>}
    </>
  );
}

function StateOf({ session: one }: { session: PlacedSession }) {
  return (
    <>
      <StateBadge state={one.state} />
      {one.reason && <div className={styles.quiet}>{one.reason}</div>}
    </>
  );
}
