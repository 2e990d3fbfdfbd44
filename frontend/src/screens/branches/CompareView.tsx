import { useState } from "react";
import { NativeSelect } from "@mantine/core";
import { sessionPath, useApi } from "@/api/queries";
import { Empty, Panel, Shown } from "@/ui";
import { number, unbroken } from "@/units";
import styles from "./branches.module.css";
import { ComparedPictures } from "./ComparedPictures";
import { StepCompared } from "./StepCompared";
import type { BranchRow, Comparison } from "./types";

interface CompareProps {
  id: string;
  rows: BranchRow[];
  /** The branch that is looked at. */
  name: string;
}

/** Two branches side by side: what was changed, and what came of it. */
export function CompareView({ id, rows, name }: CompareProps) {
  const adopted = rows.find((row) => row.record.adopted)?.record.name ?? "";
  const [against, setAgainst] = useState<string | null>(null);
  const old = against ?? adopted;
  const query = useApi<Comparison>(sessionPath(id, "/compare"), { a: old, b: name });
  const others = rows.map((row) => row.record.name).filter((one) => one !== name);
  if (name === adopted)
    return (
      <Panel>
        <Empty title={`${name} is what runs`}>Choose another branch to compare it with.</Empty>
      </Panel>
    );
  const tools = (
    <NativeSelect
      size="xs"
      aria-label="Compared with"
      value={old}
      onChange={(event) => setAgainst(event.currentTarget.value)}
      data={others.map((one) => ({ value: one, label: `against ${one}` }))}
    />
  );
  return (
    <Shown query={query} what={`The comparison of ${old} and ${name}`}>
      {(found) => (
        <div className={styles.stack}>
          <Panel
            title={`${found.new} against ${found.old}`}
            note={sampleWords(found)}
            tools={tools}
          >
            {found.verdict.map((sentence) => (
              <p key={sentence} className={styles.verdict}>
                {unbroken(sentence)}
              </p>
            ))}
            <ul className={styles.lines}>
              {found.changes.map((line) => (
                <li key={line}>{line.replace(" -> ", " → ")}</li>
              ))}
            </ul>
            <SameSteps found={found} />
          </Panel>
          {found.steps
            .filter((step) => !step.same)
            .map((step) => (
              <StepCompared key={step.name} step={step} found={found} />
            ))}
          {found.pictures.length > 0 && <ComparedPictures found={found} />}
        </div>
      )}
    </Shown>
  );
}

function SameSteps({ found }: { found: Comparison }) {
  const same = found.steps.filter((step) => step.same).map((step) => step.name);
  if (same.length === 0) return null;
  return <p className={styles.quiet}>No difference at all at {same.join(", ")}.</p>;
}

const sampleWords = ({ sample }: Comparison): string =>
  sample === null
    ? "on all exposures that both have"
    : `on ${number(sample)} exposures, chosen over the range of quality: only differences count`;
