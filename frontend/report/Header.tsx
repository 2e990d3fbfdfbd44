import { ToneMark, StateBadge, useNow } from "@/ui";
import bar from "@/ui/bar.module.css";
import { ago, moment } from "@/units";
import { isStale, readAge } from "./Banner";
import type { LiveFile } from "./data/types";
import styles from "./report.module.css";
import { PARTS } from "./menu";
import { useThere } from "./useThere";
import { useReceived } from "./useReport";

/** Which session it is, how it stands, how old what is shown is, and the way to its parts. */
export function Header({ title, file }: { title: string; file: LiveFile | null }) {
  const there = useThere(file);
  return (
    <header className={bar.bar}>
      <div className={styles.bar}>
        <div className={styles.who}>
          <h1>{file?.session.name ?? title}</h1>
          {file && <p>{lineOf(file)}</p>}
        </div>
        {file && (
          <div className={styles.now}>
            <StateBadge state={file.session.state} label={word(file.session.state)} />
            <Freshness file={file} />
          </div>
        )}
      </div>
      <nav className={bar.tabs} aria-label="Parts of the report">
        {PARTS.filter(({ id }) => there.has(id)).map(({ id, title: name }) => (
          <a key={id} className={bar.tab} href={`#${id}`}>
            {name}
          </a>
        ))}
      </nav>
    </header>
  );
}

const WORDS: Readonly<Record<string, string>> = { done: "finished", draining: "finishing" };
const word = (state: string): string => WORDS[state] ?? state;

function lineOf({ session }: LiveFile): string {
  return [
    session.reason,
    session.workflow,
    session.started && `started ${moment(session.started)}`,
    session.ended && `ended ${moment(session.ended)}`,
  ]
    .filter(Boolean)
    .join(" · ");
}

/** When it was written, and when others, who read a copy, got it. */
function Freshness({ file }: { file: LiveFile }) {
  const now = useNow();
  const received = useReceived();
  const { finished } = file.session;
  const stale = isStale(file, readAge(file, received, now));
  const published = file.published?.last ? `, published ${moment(file.published.last)}` : "";
  return (
    <span className={styles.updated}>
      <ToneMark tone={finished ? "idle" : stale ? "warning" : "good"} />
      {finished
        ? `last update ${moment(file.written)}`
        : `updated ${ago(now - readAge(file, received, now), now)}`}
      {published}
    </span>
  );
}
