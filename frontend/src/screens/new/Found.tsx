import type { FoundFolder } from "@/api/types";
import { Age, Empty, Loading, Note, Panel, Shown, Stat } from "@/ui";
import { bytes, number, plural, toneOf, unbroken } from "@/units";
import type { Draft } from "./draft";
import { useLook } from "./look";
import styles from "./new.module.css";

/** What was found where the movies are. */
export function Found({ draft }: { draft: Draft }) {
  const look = useLook(draft);
  return (
    <Panel title="What was found" note={look.isFetching && look.data ? "looking again" : undefined}>
      {draft.pattern.trim() === "" ? (
        <Empty title="No movies chosen yet">
          What the microscope wrote beside them fills the form, each value with its origin.
        </Empty>
      ) : (
        <Shown query={look} what="The folder" loading={<Loading lines={6} />}>
          {(found) => <FoundMovies found={found} />}
        </Shown>
      )}
    </Panel>
  );
}

const counts = (kinds: Record<string, number>) =>
  Object.entries(kinds)
    .map(([ending, count]) => `${number(count)} ${ending}`)
    .join(", ");

function FoundMovies({ found }: { found: FoundFolder }) {
  const [newest] = found.newest;
  const frames = found.frames;
  if (!found.there)
    return (
      <Note tone="warning" title="The folder is not there yet">
        {found.root}: a session can wait for it.
      </Note>
    );
  return (
    <div className={styles.found}>
      <div className={styles.stats}>
        <Stat
          label="Movies"
          value={number(found.movies) + (found.complete ? "" : " +")}
          note={counts(found.kinds) || "none yet"}
        />
        <Stat label="In all" value={bytes(found.bytes)} />
        <Stat
          label="Newest"
          small
          value={newest ? <Age time={newest.written} /> : "–"}
          note={
            newest && (
              <span className={styles.cut} title={newest.name}>
                {newest.name}
              </span>
            )
          }
        />
        <Stat
          label="Frames"
          value={number(frames?.frames)}
          note={frames && `${frames.shape[1]} × ${frames.shape[0]}, ${frames.container}`}
        />
      </div>
      <dl className={styles.facts}>
        <dt>Gain reference</dt>
        <dd>{found.gain ?? (found.gains.length > 0 ? found.gains.join(", ") : "none found")}</dd>
        <dt>Metadata</dt>
        <dd>{counts(found.metadata) || "none found beside the movies"}</dd>
        {found.microscope && (
          <>
            <dt>Microscope</dt>
            <dd>{found.microscope}</dd>
          </>
        )}
      </dl>
      {found.alerts.map((alert) => (
        <Note key={alert.message} tone={toneOf(alert.level)}>
          {unbroken(alert.message)}
        </Note>
      ))}
      {found.problems.map((problem) => (
        <Note key={problem} tone="bad">
          {problem}
        </Note>
      ))}
      {Object.entries(found.unreadable).map(([folder, why]) => (
        <Note key={folder} tone="warning">
          {folder}: {why}
        </Note>
      ))}
      {found.outside > 0 && (
        <Note tone="warning">
          {plural(found.outside, "file")} lead out of the folders of this server, and are left out.
        </Note>
      )}
      {found.foreign > 0 && (
        <Note tone="warning">{plural(found.foreign, "file")} of formats that are not read.</Note>
      )}
    </div>
  );
}
