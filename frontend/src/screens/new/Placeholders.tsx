import { Switch } from "@mantine/core";
import { Note } from "@/ui";
import { useTemplate, type Draft } from "./draft";
import styles from "./new.module.css";

interface PlaceholdersProps {
  draft: Draft;
  onChange: (without: boolean) => void;
}

/** Steps of other programs, which no session runs: what each is, and what it is without them. */
export function Placeholders({ draft, onChange }: PlaceholdersProps) {
  const template = useTemplate(draft.workflow).data;
  const { placeholders = [], without } = template ?? {};
  if (placeholders.length === 0 || !without) return null;
  const possible = without.problem === null;
  return (
    <section className={styles.step}>
      <h3>Steps of other programs</h3>
      <p>
        No installed protocol does what these do. A session begins without them, or once the
        workflow has other steps in their place.
      </p>
      <ul className={styles.held}>
        {placeholders.map((one) => (
          <li key={one.step}>
            <strong>{one.step}</strong> {one.kind} of {one.program}
          </li>
        ))}
      </ul>
      {possible ? (
        <Switch
          label="Leave these steps out"
          checked={draft.without}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      ) : (
        <Note>
          It cannot be without them: {without.problem}. Put protocols in their place (
          <code>icestream workflow replace</code>), or have a plugin installed that has them, and
          import the workflow again.
        </Note>
      )}
      {possible && (
        <details className={styles.more}>
          <summary>What that changes</summary>
          <ul className={styles.held}>
            {without.changes.map((change) => (
              <li key={change}>{change}</li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}
