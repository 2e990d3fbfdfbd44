import { Link } from "react-router";
import { useApi, sessionPath } from "@/api/queries";
import { Empty, Panel, StateBadge, Term } from "@/ui";
import { moment, unbroken } from "@/units";
import { SpectrumView } from "../exposures/SpectrumView";
import { exposureHref } from "../exposures/addresses";
import { MicrographFigure } from "../exposures/MicrographFigure";
import type { ExposureDetail } from "../exposures/types";
import type { Quality } from "../measured/types";
import { breach } from "../measured/limits";
import { shownValue } from "../measured/shown";
import styles from "./live.module.css";
import { useToldOf } from "./useCounted";

interface Props {
  session: string;
  branch: string;
  /** Null where none is processed yet. */
  name: string | null;
  /** Number of the event at which it was told of. */
  asof?: number;
  qualities: readonly Quality[];
}

/** The newest exposure that was processed, large. */
export function Newest({ session, branch, name, asof, qualities }: Props) {
  const wanted = name ?? "";
  const path = sessionPath(session, `/exposures/${encodeURIComponent(wanted)}`);
  const enabled = wanted !== "";
  const detail = useApi<ExposureDetail>(path, { branch, asof }, { enabled }).data;
  // While the next is on its way, this one stays, with what was asked for it.
  const shown = useToldOf(detail?.name ?? null, asof ?? 0);
  if (!enabled) {
    return (
      <Panel title="Newest exposure" className={styles.newest}>
        <Empty title="No exposure is processed yet">
          The first one shows here as soon as its motion and CTF are known.
        </Empty>
      </Panel>
    );
  }
  return (
    <Panel
      title="Newest exposure"
      className={styles.newest}
      note={detail ? `exposure ${detail.number} · ${moment(detail.time ?? detail.found)}` : "…"}
      tools={detail && <StateBadge state={detail.state} />}
    >
      <div className={styles.newestBody}>
        <MicrographFigure
          session={session}
          branch={branch}
          detail={detail}
          asof={shown?.at || undefined}
        />
        <SpectrumView detail={detail} />
        <div className={styles.newestSide}>
          <Link
            className={styles.newestName}
            to={exposureHref(session, detail?.name ?? wanted, branch)}
          >
            {detail?.name ?? wanted}
          </Link>
          {detail && <Values detail={detail} qualities={qualities} />}
        </div>
      </div>
    </Panel>
  );
}

/** The values that say most, those beyond a limit marked with a word. */
function Values({ detail, qualities }: { detail: ExposureDetail; qualities: readonly Quality[] }) {
  const known = qualities.filter(({ name }) => detail.qualities[name] !== undefined).slice(0, 10);
  return (
    <>
      <dl className={styles.values}>
        {known.map((quality) => {
          const value = detail.qualities[quality.name]?.value ?? null;
          const beyond = breach(value === null ? null : value * quality.scale, quality.limits);
          return (
            <div key={quality.name} data-beyond={beyond ?? undefined}>
              <dt>
                <Term means={quality.meaning || quality.title}>{quality.short}</Term>
              </dt>
              <dd>
                {shownValue(value, quality)}
                {beyond && (
                  <span className={styles.beyond}>
                    {beyond === "refuses" ? "refused" : "warning"}
                  </span>
                )}
              </dd>
            </div>
          );
        })}
      </dl>
      {detail.reasons.length > 0 && (
        <p className={styles.reasons}>{unbroken(detail.reasons.join("; "))}</p>
      )}
    </>
  );
}
