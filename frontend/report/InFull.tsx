import { sessionPath, useApi } from "@/api/queries";
import { CtfPanel } from "@/screens/exposures/CtfPanel";
import exposure from "@/screens/exposures/exposure.module.css";
import { MicrographFigure } from "@/screens/exposures/MicrographFigure";
import { TracksPanel } from "@/screens/exposures/TracksPanel";
import type { Tracks } from "@/screens/exposures/types";
import { ValuesPanel } from "@/screens/exposures/ValuesPanel";
import { WordsPanel } from "@/screens/exposures/WordsPanel";
import type { Quality } from "@/screens/measured/types";
import { useQualities } from "@/screens/measured/useMeasured";
import record from "@/screens/report/record.module.css";
import { Panel } from "@/ui";
import { SESSION } from "./data/answers";
import type { ReportDetail } from "./data/one";
import type { Picture } from "./data/types";
import styles from "./report.module.css";

const NONE: readonly Quality[] = [];

/** Pictures, values and words of one exposure. */
export function InFull({ detail }: { detail: ReportDetail }) {
  const qualities = useQualities(SESSION, "").data ?? NONE;
  const path = sessionPath(SESSION, `/exposures/${encodeURIComponent(detail.name)}`);
  const { pictured } = detail;
  const tracks = useApi<Tracks>(`${path}/tracks`, {}, { enabled: pictured }).data;
  // What a fact says together with its error is not said again without, nor what was not used.
  const facts = new Set(detail.facts.map(([title]) => title));
  const shown = qualities.filter(
    ({ name, title }) =>
      !facts.has(title) && !(name === "ctf.phase_shift" && detail.qualities[name]?.value === 0),
  );
  return (
    <div className={exposure.columns}>
      <div className={exposure.stack}>
        {detail.micrograph && (
          <Panel>
            <MicrographFigure session={SESSION} branch="" detail={detail} />
          </Panel>
        )}
        {!pictured && (
          <p className={record.quiet}>
            Pictures of this exposure are no longer in the report, which keeps those of the newest
            and of some older ones; they are in the session's folder.
          </p>
        )}
        <ValuesPanel detail={detail} qualities={shown} />
        {detail.unread.length > 0 && (
          <p className={record.quiet}>Not read: {detail.unread.join("; ")}</p>
        )}
      </div>
      <div className={exposure.stack}>
        <WordsPanel session={SESSION} detail={detail} />
        {(detail.spectrum || detail.ctf) && <CtfPanel detail={detail} />}
        {tracks && tracks.frames.length > 1 && <TracksPanel tracks={tracks} detail={detail} />}
        {detail.pictures.map((picture) => (
          <Other key={picture.src} picture={picture} />
        ))}
      </div>
    </div>
  );
}

function Other({ picture: { title, src, alt } }: { picture: Picture }) {
  return (
    <Panel title={title}>
      <img className={styles.picture} src={src} alt={alt} />
    </Panel>
  );
}
