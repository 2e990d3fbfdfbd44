import table from "@/ui/ui.module.css";
import { bytes, duration, number } from "@/units";
import styles from "./branches.module.css";

export interface PreviewStep {
  name: string;
  kind?: string;
  tasks: number | null;
  kept: number;
  seconds: number | null;
  bytes?: number | null;
}

/** What a change would make run again (icestream.server.routes.previews). */
export interface ChangeCost {
  steps: PreviewStep[];
  removed: string[];
  selections: { step: string; gained: number; lost: number; words: string[] }[];
  tasks: number;
  exposures: number;
  seconds: number;
  bytes: number;
  unknown: string[];
  changes: string[];
  words: string[];
  doubts: { where: string; what: string }[];
}

/** What would be otherwise, which steps run again and how long that takes. */
export function CostTable({ cost }: { cost: ChangeCost }) {
  const steps = cost.steps.filter((step) => step.tasks !== 0 || step.kept > 0);
  return (
    <div className={styles.cost}>
      {cost.changes.length > 0 && (
        <ul className={styles.lines} aria-label="What changes">
          {cost.changes.map((line) => (
            <li key={line}>{line.replace(" -> ", " → ")}</li>
          ))}
        </ul>
      )}
      {steps.length === 0 && cost.removed.length === 0 ? (
        <p>Nothing has to run again.</p>
      ) : (
        <div className={table.scroll}>
          <table className={table.table}>
            <thead>
              <tr>
                <th>Runs again</th>
                <th data-right>Tasks</th>
                <th data-right>Results kept</th>
                <th data-right>Core time</th>
              </tr>
            </thead>
            <tbody>
              {steps.map((step) => (
                <tr key={step.name}>
                  <td>{step.name}</td>
                  <td data-right>{step.tasks === null ? "some" : number(step.tasks)}</td>
                  <td data-right>{number(step.kept)}</td>
                  <td data-right>{step.seconds === null ? "unknown" : duration(step.seconds)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p>
        {number(cost.tasks)} tasks, at most {number(cost.exposures)} in one step; about{" "}
        {duration(cost.seconds)} of one core, {bytes(cost.bytes)} on disk.
        {cost.unknown.length > 0 && ` Not in it: ${cost.unknown.join(", ")}.`}
      </p>
      {cost.selections.flatMap((one) =>
        one.words.map((line) => <p key={one.step + line}>{line}</p>),
      )}
      {cost.doubts.map((one) => (
        <p key={one.where + one.what} className={styles.doubt}>
          {one.where}: {one.what}
        </p>
      ))}
    </div>
  );
}
