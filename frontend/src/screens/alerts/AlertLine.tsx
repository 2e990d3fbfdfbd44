import { Link } from "react-router";
import { StateBadge } from "@/ui";
import { fullMoment, moment, unbroken } from "@/units";
import { exposureHref, tableHref } from "../exposures/addresses";
import { AlertActions } from "./AlertActions";
import styles from "./alerts.module.css";
import type { Alert } from "./types";

interface Props {
  session: string;
  alert: Alert;
  /** Without what is only of interest to who looks into it. */
  brief?: boolean;
  /** With what to type into a terminal, though it is brief: where nothing can be pressed. */
  typed?: boolean;
}

const WORDS: Readonly<Record<string, string>> = {
  critical: "Critical",
  warning: "Warning",
  notice: "Notice",
};

/** Seconds after which it is worth a word that people were told later than it began. */
const LATE = 60;

/** One alert: how bad, what, since when, about which exposures, and what can be done. */
export function AlertLine({ session, alert, brief = false, typed = false }: Props) {
  const passed = alert.cleared !== null;
  const word = passed ? "Passed" : (WORDS[alert.level] ?? alert.level);
  return (
    <li className={styles.alert} data-level={passed ? "passed" : alert.level}>
      <div className={styles.alertHead}>
        <StateBadge state={passed ? "done" : alert.level} label={word} />
        <span className={styles.number}>#{alert.number}</span>
        <time dateTime={new Date(alert.since * 1000).toISOString()} title={fullMoment(alert.since)}>
          {passed ? span(alert) : `since ${moment(alert.since)}`}
        </time>
        {alert.muted !== null && !passed && (
          <span className={styles.care}>
            muted until {moment(alert.muted)} by {alert.mutedBy}
          </span>
        )}
      </div>
      <p className={styles.message}>{unbroken(alert.message)}</p>
      <p className={styles.more}>
        {alert.extentWords && <span>Shown by {alert.extentWords}. </span>}
        {alert.cause && <span>Likely cause: {alert.cause}. </span>}
        {alert.note && <span>{alert.note} </span>}
        {alert.acknowledged !== null && (
          <span>
            {alert.acknowledgedBy} takes care of it
            {alert.acknowledgedWhy && `: “${alert.acknowledgedWhy}”`}.{" "}
          </span>
        )}
        {typed && alert.adopted === null && !passed && alert.offerWords && (
          <span>Offered: {alert.offerWords}. </span>
        )}
        {Math.abs(alert.raised - alert.since) >= LATE && (
          <span>People were told at {moment(alert.raised)}. </span>
        )}
        {alert.adopted !== null && (
          <span>
            Done by {alert.adoptedBy} at {moment(alert.adopted)}: {alert.offerWords}.
          </span>
        )}
      </p>
      <div className={styles.links}>
        {alert.exposure && <Link to={exposureHref(session, alert.exposure)}>{alert.exposure}</Link>}
        {alert.hasExposures && !typed && (
          <Link to={tableHref(session, `alert=${alert.number}`)}>Its exposures</Link>
        )}
        {!brief && alert.step && <span className={styles.quiet}>from step {alert.step}</span>}
      </div>
      {(typed || !brief) && alert.command && (
        <code className={styles.command} title="To be typed into a terminal">
          {alert.command}
        </code>
      )}
      {!passed && <AlertActions session={session} alert={alert} />}
    </li>
  );
}

function span(alert: Alert): string {
  const end = alert.until ?? alert.cleared;
  return `${moment(alert.since)} to ${end === null ? "now" : moment(end)}`;
}
