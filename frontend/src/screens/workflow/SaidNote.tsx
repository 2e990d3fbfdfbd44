import { ErrorNote, Note } from "@/ui";
import styles from "./workflow.module.css";

/** What was done with the workflow. */
export interface Said {
  text: string;
  /** Of another program's workflow: what became of each protocol, in lines; the last counts them. */
  report?: readonly string[];
  /** Why it was not done. */
  error?: unknown;
}

/** What was done with the workflow, or why it was not. */
export function SaidNote({ said }: { said: Said }) {
  if (said.error !== undefined) return <ErrorNote error={said.error} what={said.text} />;
  const lines = said.report ?? [];
  return (
    <Note tone="good">
      {said.text}
      {lines.length > 0 && (
        <details open>
          <summary>{lines.at(-1)}</summary>
          <pre className={styles.imported} tabIndex={0} aria-label="What became of each protocol">
            {lines.slice(0, -1).join("\n")}
          </pre>
        </details>
      )}
    </Note>
  );
}
