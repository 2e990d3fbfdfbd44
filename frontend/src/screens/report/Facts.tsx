import { Panel } from "@/ui";
import type { Fact } from "./types";
import styles from "./record.module.css";

/** Values with their names. */
export function FactList({ facts }: { facts: readonly (readonly [string, string, string?])[] }) {
  return (
    <dl className={styles.facts}>
      {facts.map(([label, value, note]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>
            {value}
            {note && <small> {note}</small>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** What the data say of how they were taken. */
export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <Panel title="Acquisition">
      <FactList facts={facts.map(({ label, value, note }) => [label, value, note ?? ""])} />
    </Panel>
  );
}
