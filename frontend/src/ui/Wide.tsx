import type { ReactNode } from "react";
import styles from "./ui.module.css";

interface WideProps {
  /** What is in it, for readers of the screen. */
  label: string;
  children: ReactNode;
}

/** What may be wider than its place: it scrolls by itself, which the keyboard can do, too. */
export function Wide({ label, children }: WideProps) {
  return (
    <div className={styles.scroll} tabIndex={0} role="region" aria-label={label}>
      {children}
    </div>
  );
}
