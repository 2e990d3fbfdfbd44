import type { ReactNode } from "react";
import { Term } from "./Term";
import styles from "./ui.module.css";

interface StatProps {
  label: ReactNode;
  value: ReactNode;
  note?: ReactNode;
  /** What the label means, on hover. */
  means?: ReactNode;
  small?: boolean;
}

/** One number with its name. */
export function Stat({ label, value, note, means, small }: StatProps) {
  return (
    <div className={styles.stat}>
      <div className={styles.statLabel}>
        <Term means={means}>{label}</Term>
      </div>
      <div className={styles.statValue} data-small={small || undefined}>
        {value}
      </div>
      {note && <div className={styles.statNote}>{note}</div>}
    </div>
  );
}
