import { ToneMark, useNow } from "@/ui";
import { duration, moment, plural, type Tone, unbroken } from "@/units";
import { agePart, freshness, type Freshness } from "./freshness";
import styles from "./live.module.css";
import type { Live } from "./types";
import { overall, sentence, type VerdictState } from "./verdict";

const TONE: Readonly<Record<VerdictState, Tone>> = {
  good: "good",
  watch: "warning",
  bad: "bad",
  unknown: "idle",
  ended: "idle",
};

const FRESH: Readonly<Record<Freshness, Tone>> = {
  delivering: "good",
  late: "warning",
  quiet: "bad",
  unknown: "idle",
  ended: "idle",
};

/** The session in a sentence, and the three answers that it is made of. */
export function Head({ live, usual }: { live: Live; usual: number | null }) {
  const state = overall(live.verdicts);
  return (
    <section className={styles.head} data-tone={TONE[state]} aria-label="Verdict">
      <p className={styles.sentence} role="status">
        <ToneMark tone={TONE[state]} /> {unbroken(sentence(live.verdicts))}
      </p>
      <div className={styles.answers}>
        <Delivery live={live} usual={usual} />
        {live.verdicts
          .filter(({ about }) => about !== "Microscope")
          .map((verdict) => (
            <div key={verdict.about} className={styles.answer}>
              <span className={styles.about}>{verdict.about}</span>
              <strong>
                <ToneMark tone={TONE[verdict.state]} /> {verdict.word}
              </strong>
              <span className={styles.why} title={verdict.why}>
                {unbroken(verdict.why)}
              </span>
            </div>
          ))}
      </div>
    </section>
  );
}

/** Whether the microscope still delivers: the age of the last movie on a scale of what is usual. */
function Delivery({ live, usual }: { live: Live; usual: number | null }) {
  const now = useNow();
  const { rates, session, called } = live;
  const said = live.verdicts.find(({ about }) => about === "Microscope");
  const age = rates.last ? Math.max(0, now - rates.last) : null;
  // The time for which nobody looked for movies does not count.
  const silence = rates.awaited ? Math.max(0, now - rates.awaited) : null;
  const again = rates.last !== null && rates.awaited !== null && rates.awaited > rates.last;
  const fresh = freshness(silence, usual, session.finished);
  const running = age !== null && !session.finished;
  return (
    <div className={styles.answer}>
      <span className={styles.about}>
        Microscope{session.beside && <small> of the whole session</small>}
      </span>
      <strong>
        <ToneMark tone={said ? TONE[said.state] : FRESH[fresh]} /> {said?.word ?? "Unknown"}
      </strong>
      {running && usual !== null ? (
        <>
          <Gauge part={agePart(silence ?? age, usual)} tone={FRESH[fresh]} />
          <span className={styles.why}>
            {again && `looks again for ${duration(silence)}; `}
            last {called.one} {duration(age)} ago; usually one every {duration(usual)}
          </span>
        </>
      ) : (
        <span className={styles.why}>
          {rates.last
            ? `last ${called.one} ${session.finished ? `at ${moment(rates.last)}` : `${duration(age)} ago`}; ${plural(live.counts.of_session, called.one, called.many)}`
            : (said?.why ?? `no ${called.one} yet`)}
        </span>
      )}
    </div>
  );
}

function Gauge({ part, tone }: { part: number; tone: Tone }) {
  return (
    <svg
      className={styles.gauge}
      viewBox="0 0 100 4"
      preserveAspectRatio="none"
      aria-hidden="true"
      data-tone={tone}
    >
      <rect className={styles.gaugeBed} width="100" height="4" />
      <rect className={styles.gaugeFill} width={100 * part} height="4" />
      <rect className={styles.gaugeUsual} x="19.6" width="0.8" height="4" />
    </svg>
  );
}
