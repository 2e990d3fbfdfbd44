import type { ReactNode } from "react";
import { Age, Empty, StateBadge, Wide } from "@/ui";
import table from "@/ui/ui.module.css";
import { bytes, number } from "@/units";
import { AskDialog, type Asked } from "./BranchActions";
import styles from "./branches.module.css";
import type { BranchRow } from "./types";

interface TableProps {
  id: string;
  rows: BranchRow[];
  chosen: string | null;
  onChoose: (name: string | null) => void;
  actions?: (row: BranchRow) => ReactNode;
  confirming: Asked | null;
  onClose: () => void;
  onDone: (words: string) => void;
}

/** All branches, the adopted one first. */
export function BranchTable(props: TableProps) {
  const { id, rows, chosen, onChoose, actions, confirming, onClose, onDone } = props;
  const ordered = [...rows].sort(
    (a, b) =>
      Number(b.record.adopted) - Number(a.record.adopted) || b.record.created - a.record.created,
  );
  return (
    <>
      <Wide label="Branches">
        <table className={table.table}>
          <thead>
            <tr>
              <th>Name</th>
              <th>State</th>
              <th>What is otherwise</th>
              <th data-right>Exposures</th>
              <th data-right>Tasks</th>
              <th data-right>On disk</th>
              <th>Made</th>
              <th>
                <span className="visually-hidden">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {ordered.map((row) => (
              <Row
                key={row.record.name}
                row={row}
                chosen={chosen === row.record.name}
                onChoose={onChoose}
                actions={actions?.(row)}
              />
            ))}
          </tbody>
        </table>
      </Wide>
      {rows.length < 2 && (
        <Empty title="Nothing is tried beside what runs">
          Try other parameters on a few exposures, look at both side by side, and adopt what is
          better.
        </Empty>
      )}
      {confirming && <AskDialog id={id} asked={confirming} onClose={onClose} onDone={onDone} />}
    </>
  );
}

interface RowProps {
  row: BranchRow;
  chosen: boolean;
  onChoose: (name: string | null) => void;
  actions: ReactNode;
}

function Row({ row, chosen, onChoose, actions }: RowProps) {
  const { record, differences } = row;
  const scope = record.sample === null ? "all" : number(record.sample);
  return (
    <tr className={chosen ? styles.chosen : undefined}>
      <td>
        {record.adopted ? (
          <strong>{record.name}</strong>
        ) : (
          <button
            type="button"
            className={styles.rowButton}
            aria-pressed={chosen}
            onClick={() => onChoose(chosen ? null : record.name)}
          >
            {record.name}
          </button>
        )}
      </td>
      <td>
        <StateBadge state={record.adopted ? "adopted" : record.state} />
      </td>
      <td>
        {differences.length > 0 ? (
          differences.map((line) => <div key={line}>{line.replace(" -> ", " → ")}</div>)
        ) : (
          <span className={styles.quiet}>{record.adopted ? "what runs" : "nothing"}</span>
        )}
      </td>
      <td data-right>{scope}</td>
      <td data-right>
        {number(row.ended)} of {number(row.tasks)}
        {row.failed > 0 && <div className={styles.bad}>{number(row.failed)} failed</div>}
      </td>
      <td data-right>{bytes(row.bytes)}</td>
      <td>
        <Age time={record.created} />
        <div className={styles.quiet}>{record.who}</div>
      </td>
      <td>{actions}</td>
    </tr>
  );
}
