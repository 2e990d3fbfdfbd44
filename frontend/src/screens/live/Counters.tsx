import { Stat } from "@/ui";
import { bytes, duration, number, plural, withUnit } from "@/units";
import styles from "./live.module.css";
import type { Live } from "./types";

/** Figures that say how far the session is; their places stay, whatever is known. */
export function Counters({ live, usual }: { live: Live; usual: number | null }) {
  const { counts, rates, called, session } = live;
  const judged = counts.accepted + counts.rejected;
  const pace = (value: number | null): string => (value ? `${number(value)} an hour` : " ");
  const movies = `${called.many.charAt(0).toUpperCase()}${called.many.slice(1)}`;
  const tried = session.beside !== "";
  return (
    <section className={styles.counters} aria-label="Counters">
      {tried ? (
        <Stat
          label="In this branch"
          value={number(counts.found)}
          note={`of ${plural(counts.of_session, called.one, called.many)}`}
          means={`The ${called.many} that ${session.beside} is tried on, of all that the session has found.`}
        />
      ) : (
        <Stat
          label={`${movies} found`}
          value={number(counts.found)}
          note={pace(rates.found)}
          means={`All ${called.many} that came from the microscope so far.`}
        />
      )}
      <Stat
        label="Done"
        value={number(counts.settled)}
        note={pace(rates.settled)}
        means="Accepted, rejected or failed: nothing more is done to them."
      />
      <Stat
        label="Behind"
        value={number(counts.behind)}
        note={behindNote(live, usual)}
        means={
          tried
            ? "Not done yet in this branch."
            : (rates.forecast?.helps?.[0]?.words ?? "Found and not done yet.")
        }
      />
      <Stat
        label="Accepted"
        value={judged ? withUnit(number((100 * counts.accepted) / judged, 1), "%") : "–"}
        note={[
          `${number(counts.rejected)} rejected`,
          counts.failed > 0 ? `${number(counts.failed)} failed` : "",
        ]
          .filter(Boolean)
          .join(", ")}
        means="Of those that the selection has judged."
      />
      {live.headline.map((tile) => (
        <Stat
          key={tile.title}
          label={tile.title}
          value={withUnit(tile.text, tile.unit)}
          note={tile.below[0] ?? " "}
        />
      ))}
      {rates.disk && (
        <Stat label="Disk free" value={bytes(rates.disk.free)} note={rates.disk.words || " "} />
      )}
      {session.finished && rates.latency !== null && (
        <Stat label="Delay" value={duration(rates.latency)} note="file to result" />
      )}
    </section>
  );
}

function behindNote({ counts, rates, session }: Live, usual: number | null): string {
  // What comes from the microscope is not what a branch that is tried waits for.
  if (session.beside) return counts.behind ? " " : "all processed";
  if (session.finished) return counts.behind ? "not all processed" : "all processed";
  if (rates.forecast?.words) return rates.forecast.words;
  if (counts.behind && usual) return `${duration(counts.behind * usual)} of acquisition`;
  return rates.latency === null ? " " : `${duration(rates.latency)} file to result`;
}
