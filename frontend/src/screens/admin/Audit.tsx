import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import { useApi } from "@/api/queries";
import type { AuditEntry } from "@/api/types";
import { DataTable, Empty, Panel, Shown, StateBadge } from "@/ui";
import { fullMoment } from "@/units";
import styles from "./admin.module.css";

const PAGE = 100;

function detailsOf(entry: AuditEntry): string {
  return Object.entries(entry.details)
    .map(
      ([name, value]) =>
        `${name} ${typeof value === "object" ? JSON.stringify(value) : String(value)}`,
    )
    .join(", ");
}

/** Who did what on this server, and from where. */
export function Audit() {
  const [who, setWho] = useState("");
  const [what, setWhat] = useState("");
  const [before, setBefore] = useState<number | null>(null);
  const entries = useApi<AuditEntry[]>("/audit", { limit: PAGE, before, who, what });
  const oldest = entries.data?.at(-1)?.number;
  return (
    <Panel
      title="Audit"
      note="who did what, and from where"
      flush
      tools={
        <div className={styles.filters}>
          <TextInput
            size="xs"
            aria-label="Person"
            placeholder="Person"
            value={who}
            onChange={(event) => setWho(event.currentTarget.value)}
          />
          <TextInput
            size="xs"
            aria-label="What was done"
            placeholder="What"
            value={what}
            onChange={(event) => setWhat(event.currentTarget.value)}
          />
        </div>
      }
    >
      <Shown query={entries} what="The audit log">
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="Nothing to show">
              Logins and changes are kept here, with who, when and from where.
            </Empty>
          ) : (
            <DataTable
              label="Audit log"
              rows={rows}
              keyOf={(one) => one.number}
              columns={[
                {
                  title: "When",
                  cell: (one) => <span className={styles.nowrap}>{fullMoment(one.time)}</span>,
                },
                { title: "Who", cell: (one) => one.who },
                { title: "What", cell: (one) => one.what },
                {
                  title: "About",
                  cell: (one) => <span className={styles.value}>{one.about}</span>,
                },
                {
                  title: "Outcome",
                  cell: (one) => (
                    <StateBadge
                      state={one.outcome}
                      tone={one.outcome === "done" ? "good" : "warning"}
                    />
                  ),
                },
                { title: "From", cell: (one) => one.address },
                {
                  title: "Details",
                  cell: (one) => <span className={styles.value}>{detailsOf(one)}</span>,
                },
              ]}
            />
          )
        }
      </Shown>
      <div className={styles.broken}>
        <Button
          size="compact-xs"
          variant="default"
          disabled={before === null}
          onClick={() => setBefore(null)}
        >
          Newest
        </Button>{" "}
        <Button
          size="compact-xs"
          variant="default"
          disabled={oldest === undefined || (entries.data?.length ?? 0) < PAGE}
          onClick={() => setBefore(oldest ?? null)}
        >
          Older
        </Button>
      </div>
    </Panel>
  );
}
