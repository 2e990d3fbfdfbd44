import { SegmentedControl } from "@mantine/core";
import { useState } from "react";
import { useFresh, useFreshSession } from "@/api/live";
import { sessionPath, useApi } from "@/api/queries";
import { Empty, Page, Panel, Shown } from "@/ui";
import { useSession } from "../measured/useSession";
import styles from "./alerts.module.css";
import { AlertLine } from "./AlertLine";
import { Channels } from "./Channels";
import { inOrder, tally, tallyWords } from "./order";
import { WholeTime } from "./WholeTime";
import { fromRecord, type AlertRecord } from "./types";

const FRESH = ["/alerts", "/timeline"] as const;

/** All alerts: what holds, what passed, when, and who was told. */
export default function Alerts() {
  const { id, branch } = useSession();
  const [which, setWhich] = useState("open");
  useFreshSession(id, FRESH);
  useFresh(`session/${id}/alerts`, [sessionPath(id, "/alerts")]);
  const query = useApi<AlertRecord[]>(
    sessionPath(id, "/alerts"),
    { open_only: false, branch },
    { every: 15_000 },
  );
  return (
    <Page title="Alerts" quiet>
      <Shown query={query} what="The alerts">
        {(records) => {
          const all = inOrder(records.map(fromRecord));
          const counts = tally(all);
          const open = all.length - counts.passed;
          const shown = all.filter(
            ({ cleared }) => which === "all" || (cleared === null) === (which === "open"),
          );
          return (
            <div className={styles.stack}>
              <WholeTime id={id} branch={branch} onPick={() => setWhich("all")} />
              <div className={styles.columns}>
                <Panel
                  title={tallyWords(counts)}
                  tools={
                    <SegmentedControl
                      size="xs"
                      aria-label="Which alerts"
                      value={which}
                      onChange={setWhich}
                      data={[
                        { value: "open", label: `open (${open})` },
                        { value: "passed", label: `passed (${counts.passed})` },
                        { value: "all", label: "all" },
                      ]}
                    />
                  }
                >
                  {shown.length === 0 ? (
                    <Empty title={which === "open" ? "Nothing needs you" : "No alerts"}>
                      {which === "open" && counts.passed > 0
                        ? `${counts.passed} passed by themselves or were mended.`
                        : "What the monitors notice is told here."}
                    </Empty>
                  ) : (
                    <ul className={styles.list}>
                      {shown.map((alert) => (
                        <AlertLine key={alert.number} session={id} alert={alert} />
                      ))}
                    </ul>
                  )}
                </Panel>
                <Channels alerts={all} />
              </div>
            </div>
          );
        }}
      </Shown>
    </Page>
  );
}
