import type { ReactNode } from "react";
import styles from "./ui.module.css";

interface PanelProps {
  title?: ReactNode;
  /** A few quiet words beside the title. */
  note?: ReactNode;
  /** Buttons at the right of the title. */
  tools?: ReactNode;
  /** Without room around what is in it, as for a table. */
  flush?: boolean;
  children: ReactNode;
  className?: string;
}

/** A part of a screen, with its title. */
export function Panel({ title, note, tools, flush, children, className }: PanelProps) {
  return (
    <section className={className ? `${styles.panel} ${className}` : styles.panel}>
      {(title || tools) && (
        <div className={styles.panelHead}>
          {title && <h2 className={styles.panelTitle}>{title}</h2>}
          {note && <span className={styles.panelNote}>{note}</span>}
          {tools && <div className={styles.panelTools}>{tools}</div>}
        </div>
      )}
      <div className={styles.panelBody} data-flush={flush || undefined}>
        {children}
      </div>
    </section>
  );
}
