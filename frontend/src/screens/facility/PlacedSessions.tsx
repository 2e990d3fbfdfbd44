import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import { useApi } from "@/api/queries";
import type { FacilityMicroscope, PlacedSession, PlacedSessionPage } from "@/api/types";
import { Age, DataTable, Empty, Panel, Shown, StateBadge, type Column } from "@/ui";
import { number } from "@/units";
import { EndSession } from "./EndSession";
import styles from "./facility.module.css";

const STATES = ["running", "done", "stopped", "failed", "archived", "gone"];
/** Sessions of one page. */
const PAGE = 50;

const EVERY = { microscope: "", state: "", text: "", offset: 0 };

/** Sessions of all microscopes, the newest first. */
export function PlacedSessions({ microscopes }: { microscopes: readonly FacilityMicroscope[] }) {
  const [asked, setAsked] = useState(EVERY);
  const choose = (change: Partial<typeof EVERY>) =>
    setAsked((before) => ({ ...before, offset: 0, ...change }));
  const rows = useApi<PlacedSessionPage>(
    "/facility/sessions",
    { ...asked, text: asked.text.trim(), limit: PAGE },
    { every: 15_000 },
  );
  const names = microscopes.map((one) => ({ value: one.name, label: one.title }));
  const filtered = asked.microscope || asked.state || asked.text.trim();
  return (
    <Panel
      title="Sessions"
      flush
      tools={
        <>
          <TextInput
            size="xs"
            w={230}
            aria-label="Search"
            placeholder="Name, project, person, sample"
            value={asked.text}
            onChange={(event) => choose({ text: event.currentTarget.value })}
          />
          <NativeSelect
            size="xs"
            aria-label="Microscope"
            value={asked.microscope}
            onChange={(event) => choose({ microscope: event.currentTarget.value })}
            data={[{ value: "", label: "All microscopes" }, ...names]}
          />
          <NativeSelect
            size="xs"
            aria-label="State"
            value={asked.state}
            onChange={(event) => choose({ state: event.currentTarget.value })}
            data={[{ value: "", label: "All states" }, ...STATES]}
          />
        </>
      }
    >
      <Shown query={rows} what="The sessions">
        {(page) =>
          page.rows.length === 0 ? (
            <Empty title={filtered ? "No such session" : "No session"}>
              {filtered ? (
                <Button size="compact-xs" variant="default" onClick={() => setAsked(EVERY)}>
                  Show all
                </Button>
              ) : (
                <Link to="/begin">Begin one for a booking</Link>
              )}
            </Empty>
          ) : (
            <>
              <DataTable
                label="Sessions of the facility"
                rows={page.rows}
                keyOf={(one) => one.key}
                columns={COLUMNS}
              />
              {page.matching > page.rows.length && (
                <Pages page={page} onOffset={(offset) => choose({ offset })} />
              )}
            </>
          )
        }
      </Shown>
    </Panel>
  );
}

interface PagesProps {
  page: PlacedSessionPage;
  onOffset: (offset: number) => void;
}

/** Which of them these are, and the way to the others. */
function Pages({ page: { matching, offset, rows }, onOffset }: PagesProps) {
  const last = offset + rows.length;
  return (
    <div className={styles.pages}>
      <span>
        {number(offset + 1)} to {number(last)} of {number(matching)}
      </span>
      <Button
        size="compact-xs"
        variant="default"
        disabled={offset === 0}
        onClick={() => onOffset(Math.max(0, offset - PAGE))}
      >
        Newer
      </Button>
      <Button
        size="compact-xs"
        variant="default"
        disabled={last >= matching}
        onClick={() => onOffset(last)}
      >
        Older
      </Button>
    </div>
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
      <div className={styles.state}>
        <StateBadge state={one.state} />
        {/* What was asked of one that runs is over when it does not run any more. */}
        <EndSession key={one.state} session={one} />
      </div>
      {one.reason && <div className={styles.quiet}>{one.reason}</div>}
    </>
  );
}
