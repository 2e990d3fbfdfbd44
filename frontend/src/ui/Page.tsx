import { useEffect, type ReactNode } from "react";
import styles from "./ui.module.css";

interface PageProps {
  title: string;
  /** Beside the title, such as a state. */
  beside?: ReactNode;
  tools?: ReactNode;
  /** For forms and texts, which are read better in short lines. */
  narrow?: boolean;
  /** Leave the title to readers of the screen alone, where the shell shows it already. */
  quiet?: boolean;
  children: ReactNode;
}

/** A whole screen: its title (of the tab too), its tools and its parts. */
export function Page({ title, beside, tools, narrow, quiet, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · icestream`;
  }, [title]);
  return (
    <div className={styles.page} data-narrow={narrow || undefined}>
      {quiet ? (
        <h1 className="visually-hidden">{title}</h1>
      ) : (
        <div className={styles.pageHead}>
          <h1>{title}</h1>
          {beside}
          {tools && <div className={styles.panelTools}>{tools}</div>}
        </div>
      )}
      {children}
    </div>
  );
}
