import { Button } from "@mantine/core";
import { Link } from "react-router";
import type { BegunPlace } from "@/api/types";
import { Note, Panel, StateBadge } from "@/ui";
import styles from "./begin.module.css";

/** What came of it: where the session is, and the way to it. */
export function Begun({ begun, onAgain }: { begun: BegunPlace; onAgain: () => void }) {
  const { session } = begun;
  const facts: [string, string][] = [
    ["Project", session.project || "none"],
    ["For", session.operator || "nobody in particular"],
    ["Movies", begun.movies],
    ["Workflow", session.workflow],
    ["Place", session.place],
  ];
  return (
    <Panel
      title={session.name}
      tools={
        <StateBadge
          state={begun.running ? "running" : "new"}
          label={begun.running ? "It runs" : "It takes long to begin"}
        />
      }
    >
      <div className={styles.start}>
        <dl className={styles.facts}>
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd className={styles.path}>{value}</dd>
            </div>
          ))}
        </dl>
        {begun.said.map((said) => (
          <Note key={said}>{said}</Note>
        ))}
        {begun.advice && <Note tone="warning">{begun.advice}</Note>}
        <div className={styles.buttons}>
          {session.id !== null && (
            <Button component={Link} to={`/s/${encodeURIComponent(session.id)}`} size="md">
              Open the session
            </Button>
          )}
          <Button size="md" variant="default" onClick={onAgain}>
            Begin another
          </Button>
        </div>
      </div>
    </Panel>
  );
}
