import { useState } from "react";
import { Link } from "react-router";
import { Button } from "@mantine/core";
import { sessionPath, useApi } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Panel, Shown, StateBadge } from "@/ui";
import { fullMoment, moment, number, unbroken } from "@/units";
import styles from "./exposure.module.css";
import type { ExposureDetail } from "./types";

/** Why it was refused, and what people said of it. */
export function WordsPanel({ session, detail }: { session: string; detail: ExposureDetail }) {
  const words = detail.decisions.length + detail.corrections.length;
  if (!detail.reasons.length && !words && !detail.alerts.length) return null;
  return (
    <Panel title="Why">
      {detail.reasons.length > 0 && (
        <ul className={styles.reasons}>
          {detail.reasons.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      )}
      {detail.decisions.map((word) => (
        <p key={`${word.time} ${word.step}`} className={styles.word}>
          <strong>{word.who}</strong> {word.accepted ? "accepted" : "rejected"} it{" "}
          <time title={fullMoment(word.time)}>{moment(word.time)}</time>
          {word.why && <> – “{word.why}”</>}
        </p>
      ))}
      {detail.corrections.map((one) => (
        <p key={one.id} className={styles.word}>
          <strong>{one.who}</strong> corrected the picks of {one.step} by hand: {number(one.added)}{" "}
          added, {number(one.removed)} removed{" "}
          <time title={fullMoment(one.time)}>{moment(one.time)}</time>
          {one.why && <> – “{one.why}”</>}
        </p>
      ))}
      {detail.alerts.map((alert) => (
        <p key={alert.id} className={styles.word}>
          <StateBadge
            state={alert.cleared === null ? alert.level : "done"}
            label={`Alert #${alert.id}`}
          />{" "}
          <Link to={`/s/${encodeURIComponent(session)}/alerts`}>{unbroken(alert.message)}</Link>
        </p>
      ))}
    </Panel>
  );
}

interface LogProps {
  session: string;
  branch: string;
  name: string;
}

/** What programs printed about it; only asked for when it is wanted. */
export function LogPanel({ session, branch, name }: LogProps) {
  const [shown, setShown] = useState(false);
  const path = sessionPath(session, `/exposures/${encodeURIComponent(name)}/log`);
  const log = useApi<Schemas["ExposureLog"]>(path, { branch }, { enabled: shown });
  return (
    <Panel
      title="Log"
      tools={
        <Button size="compact-xs" variant="default" onClick={() => setShown((now) => !now)}>
          {shown ? "Hide" : "Show"}
        </Button>
      }
      flush={!shown}
    >
      {shown && (
        <Shown query={log} what="The log">
          {({ logs }) =>
            logs.length === 0 ? (
              <p className={styles.quiet}>No program printed anything about it.</p>
            ) : (
              logs.map((one) => (
                <section key={one.path}>
                  <h3>
                    {one.step} <small className={styles.quiet}>{one.path}</small>
                  </h3>
                  <pre className={styles.log} tabIndex={0} aria-label={`Log of step ${one.step}`}>
                    {one.cut && "… what came before is left out\n"}
                    {one.lines.join("\n")}
                  </pre>
                </section>
              ))
            )
          }
        </Shown>
      )}
    </Panel>
  );
}
