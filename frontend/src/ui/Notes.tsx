import { Button, Skeleton } from "@mantine/core";
import type { ReactNode } from "react";
import { ApiError } from "@/api/client";
import type { Tone } from "@/units";
import styles from "./ui.module.css";

/** Where nothing is to be shown: what will be here, and what brings it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={styles.empty}>
      <div className={styles.emptyTitle}>{title}</div>
      {children && <div>{children}</div>}
    </div>
  );
}

/** In the place of what is being loaded, as high as that will be. */
export function Loading({ lines = 4, height = 16 }: { lines?: number; height?: number }) {
  return (
    <div className={styles.loading} role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, index) => (
        <Skeleton key={index} height={height} width={index === lines - 1 ? "60%" : "100%"} />
      ))}
    </div>
  );
}

interface NoteProps {
  tone?: Tone;
  title?: ReactNode;
  children?: ReactNode;
}

/** A few lines that a person should see. */
export function Note({ tone = "idle", title, children }: NoteProps) {
  return (
    <div className={styles.note} data-tone={tone} role={tone === "bad" ? "alert" : undefined}>
      {title && <strong>{title}</strong>}
      {children && <div>{children}</div>}
    </div>
  );
}

interface ErrorNoteProps {
  error: unknown;
  /** What was tried, as in "The sessions cannot be shown". */
  what?: string;
  again?: () => void;
}

/** What went wrong, all of it, and what to do. */
export function ErrorNote({ error, what, again }: ErrorNoteProps) {
  const message = error instanceof Error ? error.message : String(error);
  const told = error instanceof ApiError ? error : null;
  return (
    <div className={styles.note} role="alert">
      <strong>{what ?? "This did not work"}</strong>
      <div>{message}</div>
      {told?.advice && <div className={styles.quiet}>{told.advice}</div>}
      {told && told.problems.length > 0 && (
        <ul className={styles.noteList}>
          {told.problems.map((problem) => (
            <li key={`${problem.where} ${problem.what}`}>
              {problem.where && <code>{problem.where}</code>} {problem.what}
            </li>
          ))}
        </ul>
      )}
      {again && (
        <Button size="compact-xs" variant="default" mt={6} onClick={again}>
          Try again
        </Button>
      )}
    </div>
  );
}
