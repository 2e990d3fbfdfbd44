import { Tooltip } from "@mantine/core";
import { Link } from "react-router";
import type { SessionSummary } from "@/api/types";
import { Spark } from "@/charts/Spark";
import { Age, StateBadge, ToneMark } from "@/ui";
import { number, plural, STATES, toneOf, type Tone, withUnit, unbroken } from "@/units";
import { SessionActions } from "./SessionActions";
import styles from "./sessions.module.css";

/** One session: a line of the list, a card on a phone. */
export function SessionRow({ session, current }: { session: SessionSummary; current: boolean }) {
  return (
    <li id={`session-${session.id}`} className={styles.row} data-current={current || undefined}>
      <div className={styles.name}>
        <Link to={`/s/${encodeURIComponent(session.id)}`}>{session.name}</Link>
        <StateBadge state={session.state} />
        <div className={styles.quiet} title={session.folder}>
          {[session.microscope, session.folder].filter(Boolean).join(" · ")}
        </div>
      </div>
      {session.problem === null ? (
        <>
          <Exposures session={session} />
          <Trend values={session.trend} />
          <HowItGoes session={session} />
        </>
      ) : (
        <div className={styles.problem}>
          <ToneMark tone="bad" /> {session.problem}
        </div>
      )}
      <div className={styles.actions}>
        <SessionActions session={session} />
      </div>
    </li>
  );
}

const SHARES: readonly [keyof SessionSummary["counts"], string, string][] = [
  ["accepted", "accepted", STATES.good],
  ["rejected", "rejected", STATES.warning],
  ["failed", "failed", STATES.bad],
  ["behind", "waiting", "var(--ice-line)"],
];

function Exposures({ session: { counts, rate, running } }: { session: SessionSummary }) {
  const words = SHARES.map(([key, word]) => `${number(counts[key])} ${word}`).join(", ");
  const pace = rate?.per_hour ? `${number(rate.per_hour)} per hour` : "";
  const waits = running && counts.behind > 0 ? `${number(counts.behind)} behind` : "";
  return (
    <div className={styles.exposures}>
      <span>
        <strong>{number(counts.found)}</strong>{" "}
        <span className={styles.quiet}>{[pace, waits].filter(Boolean).join(", ")}</span>
      </span>
      <Tooltip label={words}>
        <span className={styles.shares} role="img" aria-label={words} tabIndex={0}>
          {SHARES.map(([key, , colour]) => (
            <span key={key} style={{ flexGrow: counts[key], background: colour }} />
          ))}
        </span>
      </Tooltip>
    </div>
  );
}

function Trend({ values }: { values: readonly number[] }) {
  const last = values.at(-1);
  if (last === undefined) return <div className={styles.quiet}>not measured yet</div>;
  const text = withUnit(number(last, 1), "Å");
  return (
    <div className={styles.trend}>
      <span className={styles.trendValue}>{text}</span>
      <Spark values={values} label={`Resolution of the CTF fit over time, now ${text}`} />
    </div>
  );
}

const LEVELS: readonly [keyof SessionSummary["alerts"], Tone][] = [
  ["critical", "bad"],
  ["warning", "warning"],
  ["notice", "idle"],
];

function HowItGoes({ session }: { session: SessionSummary }) {
  const { verdict, alerts, rate } = session;
  return (
    <div className={styles.verdict}>
      {verdict && (
        <div>
          <ToneMark tone={toneOf(verdict.level)} /> {unbroken(verdict.sentence)}
        </div>
      )}
      <div className={styles.alerts}>
        {LEVELS.filter(([level]) => alerts[level] > 0).map(([level, tone]) => (
          <span key={level}>
            <ToneMark tone={tone} />{" "}
            {level === "critical"
              ? `${number(alerts[level])} critical`
              : plural(alerts[level], level)}
          </span>
        ))}
        {session.reason ? (
          <span className={styles.quiet}>{session.reason}</span>
        ) : (
          session.running && rate?.words && <span className={styles.quiet}>{rate.words}</span>
        )}
        {!session.running && (
          <span className={styles.quiet}>
            changed <Age time={session.changed} />
          </span>
        )}
      </div>
    </div>
  );
}
