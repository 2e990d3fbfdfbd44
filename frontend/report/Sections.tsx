import { useNavigate } from "react-router";
import { Alerts } from "@/screens/live/Alerts";
import { Counters } from "@/screens/live/Counters";
import { GridMap } from "@/screens/live/GridMap";
import { Head } from "@/screens/live/Head";
import live_ from "@/screens/live/live.module.css";
import { Machine } from "@/screens/live/Machine";
import { Newest } from "@/screens/live/Newest";
import type { Live } from "@/screens/live/types";
import { exposureHref } from "@/screens/exposures/addresses";
import type { Filters } from "@/screens/exposures/filters";
import type { Quality } from "@/screens/measured/types";
import { useQualities } from "@/screens/measured/useMeasured";
import { Note } from "@/ui";
import { SESSION } from "./data/answers";
import type { LogFile, TimelineFile, TrendsFile } from "@/screens/report/types";
import type { AgreementFile, LiveFile, StepsFile, WhereFile } from "./data/types";
import { Agreement } from "@/screens/report/Agreement";
import { ClassSets, Glance } from "./parts/Classes";
import { DecisionLog } from "@/screens/report/DecisionLog";
import { Exposures } from "./parts/Exposures";
import { Facts } from "@/screens/report/Facts";
import { Groups } from "@/screens/report/Groups";
import { Part } from "@/screens/report/Part";
import { Seen } from "@/screens/report/Seen";
import { Steps } from "@/screens/report/Steps";
import { Strip } from "./parts/Strip";
import { Times } from "@/screens/report/Times";
import { MiniTrends, Trends } from "@/screens/report/Trends";
import { Workflow } from "./parts/Workflow";
import styles from "./report.module.css";
import { useFile } from "./useReport";
import { useThere } from "./useThere";

interface Props {
  live: Live;
  file: LiveFile;
  filters: Filters | null;
  onFilters: (filters: Filters) => void;
  recent: boolean;
  onRecent: (recent: boolean) => void;
}

const NONE: readonly Quality[] = [];

/** All that there is of the session, in the order of the menu. */
export function Sections({ live, file, filters, onFilters, recent, onRecent }: Props) {
  const there = useThere(file);
  const qualities = useQualities(SESSION, "").data ?? NONE;
  const trends = useFile<TrendsFile>("trends");
  const where = useFile<WhereFile>("where");
  const line = useFile<TimelineFile>("timeline");
  const agreement = useFile<AgreementFile>("agreement");
  const told = useFile<StepsFile>("steps");
  const log = useFile<LogFile>("log");
  const navigate = useNavigate();
  const open = (number: number): void => void navigate(`/exposure-${number}`);
  const mapped = qualities.filter(({ name }) => where?.ranges[name]);
  return (
    <div className={live_.screen}>
      <First live={live} file={file} qualities={qualities} trends={trends} onOpen={open} />
      {there.has("timeline") && line && (
        <Part id="timeline" title="What happened when">
          <Times
            line={line}
            called={file.called.many}
            finished={file.session.finished}
            written={file.written}
            onOpen={open}
            onAlerts={() => document.getElementById("alerts")?.scrollIntoView()}
          />
        </Part>
      )}
      {there.has("trends") && trends && (
        <Part id="trends" title="Trends" late={700}>
          <Trends
            session={SESSION}
            branch=""
            found={file.counts.found}
            {...{ qualities, trends, recent, onRecent }}
            onOpen={open}
          />
        </Part>
      )}
      {there.has("where") && (
        <Part id="where" title="Where on the grid" late={420}>
          <GridMap
            session={SESSION}
            branch=""
            qualities={mapped}
            columns={null}
            mask={null}
            brush={null}
          />
        </Part>
      )}
      {there.has("groups") && where && (
        <Part id="groups" title="Exposure groups" late={360}>
          <Groups told={where} qualities={mapped} onOpen={open} />
        </Part>
      )}
      {there.has("agreement") && agreement && (
        <Part id="agreement" title="Side by side" late={300}>
          <Agreement steps={agreement.steps} qualities={qualities} trends={trends} />
        </Part>
      )}
      {there.has("classes") && (
        <Part id="classes" title="2D classes">
          <ClassSets sets={file.classes} />
        </Part>
      )}
      {there.has("maps") && (
        <Part id="maps" title="First 3D map">
          <Seen sets={file.maps} />
        </Part>
      )}
      {there.has("others") && (
        <Part id="others" title="Other results">
          <Seen sets={file.others} titled />
        </Part>
      )}
      {there.has("steps") && (
        <Part id="steps" title="What the steps found">
          <Steps live={live} told={told?.steps ?? []} onOpen={open} />
        </Part>
      )}
      {there.has("exposures") && (
        <Part id="exposures" title="Exposures">
          <Exposures
            qualities={qualities}
            columns={file.columns}
            filters={filters}
            onFilters={onFilters}
            onOpen={(name) => void navigate(exposureHref(SESSION, name))}
          />
        </Part>
      )}
      <Part id="workflow" title="Workflow" late={460}>
        <Workflow file={file} />
      </Part>
      {there.has("decisions") && log && (
        <Part id="decisions" title="Decisions">
          <DecisionLog log={log} />
        </Part>
      )}
      {there.has("machine") && (
        <Part id="machine" title="Machine and monitors">
          <Machine machine={file.machine} />
        </Part>
      )}
      {there.has("gains") && (
        <Part id="gains" title="Gain">
          <Seen sets={file.gains} />
        </Part>
      )}
      {there.has("acquisition") && (
        <Part id="acquisition" title="Acquisition">
          <Facts facts={file.session.facts} />
        </Part>
      )}
    </div>
  );
}

interface FirstProps {
  live: Live;
  file: LiveFile;
  qualities: readonly Quality[];
  trends: TrendsFile | null;
  onOpen: (number: number) => void;
}

/** The first screen: whether the session is good, and what to look at. */
function First({ live, file, qualities, trends, onOpen }: FirstProps) {
  const { found } = file.counts;
  const alerts = (
    <section id="alerts" aria-label="Alerts">
      <Alerts session={SESSION} alerts={live.alerts} whole />
    </section>
  );
  return (
    <>
      <Head live={live} usual={live.rates.usual} />
      {found === 0 ? (
        <Note>
          {file.session.finished
            ? `No ${file.called.one} was found.`
            : `No ${file.called.one} has been found yet. This page fills by itself as soon as the first one arrives.`}
        </Note>
      ) : (
        <Counters live={live} usual={live.rates.usual} />
      )}
      {found === 0 ? (
        live.alerts.length > 0 && alerts
      ) : (
        <div className={`${live_.two} ${styles.first}`}>
          <div className={live_.stack}>
            <Newest
              session={SESSION}
              branch=""
              name={live.newest?.name ?? null}
              qualities={qualities}
            />
            {trends && <MiniTrends {...{ trends, qualities, onOpen }} />}
          </div>
          <div className={live_.stack}>
            {alerts}
            <Glance file={file} />
          </div>
        </div>
      )}
      {found > 0 && <Strip qualities={qualities} />}
    </>
  );
}
