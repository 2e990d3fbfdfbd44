import { Tooltip } from "@mantine/core";
import type { ReactNode } from "react";
import styles from "./ui.module.css";

/** A word with what it means, on hover and on focus. */
export function Term({ children, means }: { children: ReactNode; means?: ReactNode }) {
  if (!means) return <>{children}</>;
  return (
    <Tooltip label={means} events={{ hover: true, focus: true, touch: true }}>
      <span className={styles.term} tabIndex={0}>
        {children}
      </span>
    </Tooltip>
  );
}
