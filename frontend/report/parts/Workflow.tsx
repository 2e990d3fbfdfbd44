import { useMemo } from "react";
import { GraphPicture } from "@/screens/workflow/GraphPicture";
import record from "@/screens/report/record.module.css";
import { DataTable, Panel, StateBadge } from "@/ui";
import { duration, number } from "@/units";
import type { LiveFile } from "../data/types";
import { plainTitle, setWords, workflowOf } from "../data/workflow";
import styles from "../report.module.css";

/** The workflow as a graph with what each step does, and the same as a table. */
export function Workflow({ file }: { file: LiveFile }) {
  // Counts come every few seconds; the graph is laid out anew only when the steps are others.
  const shape = JSON.stringify([file.links, file.steps.map(({ name, title }) => [name, title])]);
  const told = useMemo(() => workflowOf(file), [file]);
  // eslint-disable-next-line react-hooks/exhaustive-deps
  const still = useMemo(() => told, [shape]);
  return (
    <Panel title="Workflow" note={file.session.workflow}>
      <GraphPicture document={still.document} protocols={still.protocols} records={told.records} />
      <details className={record.fold}>
        <summary>The same as a table</summary>
        <DataTable
          label="Steps of the workflow"
          rows={file.steps}
          keyOf={({ name }) => name}
          columns={[
            {
              title: "Step",
              cell: (step) => (
                <>
                  {plainTitle(step)} <small className={record.quiet}>{step.name}</small>
                  {step.set && <small className={styles.set}>{setWords(step)}</small>}
                </>
              ),
            },
            { title: "State", cell: ({ state }) => <StateBadge state={state} /> },
            { title: "Ready", cell: ({ ready }) => number(ready), right: true },
            { title: "Running", cell: ({ running }) => number(running), right: true },
            { title: "Done", cell: ({ done }) => number(done), right: true },
            { title: "Rejected", cell: ({ rejected }) => number(rejected), right: true },
            { title: "Failed", cell: ({ failed }) => number(failed), right: true },
            { title: "To run again", cell: ({ again }) => number(again), right: true },
            { title: "Time per task", cell: ({ seconds }) => duration(seconds), right: true },
          ]}
        />
      </details>
    </Panel>
  );
}
