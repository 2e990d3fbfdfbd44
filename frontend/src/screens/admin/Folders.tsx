import { useApi } from "@/api/queries";
import type { RootFolder } from "@/api/types";
import { DataTable, Panel, Shown, StateBadge } from "@/ui";
import { bytes, number, STATES } from "@/units";
import styles from "./admin.module.css";

/** The folders below which sessions are looked for, and outside of which nothing is served. */
export function Folders() {
  const roots = useApi<RootFolder[]>("/roots", {}, { every: 30_000 });
  return (
    <Panel
      title="Folders"
      note="given when the server was started; nothing outside is served"
      flush
    >
      <Shown query={roots} what="The folders">
        {(rows) => (
          <DataTable
            label="Folders"
            rows={rows}
            keyOf={(one) => one.path}
            columns={[
              { title: "Folder", cell: (one) => <code>{one.path}</code> },
              {
                title: "State",
                cell: (one) => (
                  <StateBadge
                    state={one.there ? "there" : "not there"}
                    tone={one.there ? "good" : "bad"}
                  />
                ),
              },
              { title: "Sessions", cell: (one) => number(one.sessions), right: true },
              { title: "Room", cell: (one) => <Room root={one} /> },
            ]}
          />
        )}
      </Shown>
    </Panel>
  );
}

function Room({ root: { free, total } }: { root: RootFolder }) {
  if (free === null || total === null) return "–";
  const used = 1 - free / total;
  return (
    <>
      {bytes(free)} free of {bytes(total)}
      <span className={styles.room} aria-hidden="true">
        <span
          style={{
            width: `${(100 * used).toFixed(1)}%`,
            background: used > 0.95 ? STATES.bad : used > 0.85 ? STATES.warning : STATES.busy,
          }}
        />
      </span>
    </>
  );
}
