import { Button } from "@mantine/core";
import { Link } from "react-router";
import { useMay } from "@/api/queries";
import { Panel, StateBadge } from "@/ui";
import { duration, moment } from "@/units";
import { lineageHref, tryHref } from "./addresses";
import styles from "./exposure.module.css";
import type { ExposureDetail } from "./types";

/** What each step did with the exposure, where it came from, and trying it otherwise. */
export function StepsPanel({ session, detail }: { session: string; detail: ExposureDetail }) {
  const may = useMay("operator");
  const done = new Map(detail.results.map((one) => [one.step, one]));
  const failed = new Map(detail.failures.map((one) => [one.step, one]));
  const names = [...new Set([...Object.keys(detail.steps), ...done.keys()])];
  return (
    <Panel title="Steps" flush>
      <ul className={styles.steps}>
        {names.map((name) => {
          const result = done.get(name);
          const failure = failed.get(name);
          return (
            <li key={name}>
              <StateBadge state={detail.steps[name] ?? "done"} label={result?.title || name} />
              <span className={styles.quiet}>{result && doneWords(result.result)}</span>
              <span className={styles.stepLinks}>
                {result && <Link to={lineageHref(session, result.result.id)}>Lineage</Link>}
                {may && (
                  <Button
                    size="compact-xs"
                    variant="default"
                    component={Link}
                    to={tryHref(session, name, [detail.name])}
                  >
                    Try other parameters
                  </Button>
                )}
              </span>
              {failure && (
                <details className={styles.failure}>
                  <summary>{failure.reason}</summary>
                  {failure.details && (
                    <pre tabIndex={0} aria-label="Details">
                      {failure.details}
                    </pre>
                  )}
                </details>
              )}
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}

/** How long it took, where and when; a step that does no work has no host. */
function doneWords({
  seconds,
  host,
  finished,
}: ExposureDetail["results"][number]["result"]): string {
  return [host && `${duration(seconds)} on ${host}`, moment(finished)].filter(Boolean).join(", ");
}
