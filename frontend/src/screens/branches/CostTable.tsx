import { Wide } from "@/ui";
import type { ChangeCost } from "@/api/types";
import table from "@/ui/ui.module.css";
import { duration, number } from "@/units";
import styles from "./branches.module.css";

/** What would be otherwise, which steps run again and how long that takes. */
export function CostTable({ cost }: { cost: ChangeCost }) {
  const steps = cost.steps.filter((step) => step.tasks > 0 || step.kept > 0 || step.gathers);
  return (
    <div className={styles.cost}>
      {cost.changes.length > 0 && (
        <ul className={styles.lines} aria-label="What changes">
          {cost.changes.map((line) => (
            <li key={line}>{line.replace(" -> ", " → ")}</li>
          ))}
        </ul>
      )}
      {steps.length > 0 && (
        <Wide label="What runs again">
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
                  <td data-right>{step.gathers ? "some" : number(step.tasks)}</td>
                  <td data-right>{number(step.kept)}</td>
                  <td data-right>{timeWords(step, cost.unknown)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Wide>
      )}
      <p>{sentence(cost.words.join("; "))}</p>
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

/** The time of what runs again; a step that never ran is not a quick one. */
function timeWords(step: ChangeCost["steps"][number], unknown: readonly string[]): string {
  if (unknown.includes(step.name)) return "unknown";
  return step.gathers ? `${duration(step.each)} each` : duration(step.seconds);
}

const sentence = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
