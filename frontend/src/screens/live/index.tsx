import { useMemo, useState } from "react";
import { useFreshSession } from "@/api/live";
import { sessionPath, useApi } from "@/api/queries";
import { Note, Page, Shown } from "@/ui";
import { moment } from "@/units";
import { countMarked, marked, type Brush } from "../measured/brush";
import type { Quality } from "../measured/types";
import { useColumns, useQualities } from "../measured/useMeasured";
import { useSession } from "../measured/useSession";
import { Alerts } from "./Alerts";
import { Classes } from "./Classes";
import { Counters } from "./Counters";
import { Decisions } from "./Decisions";
import { usualGap } from "./freshness";
import { GridMap } from "./GridMap";
import { Head } from "./Head";
import styles from "./live.module.css";
import { Machine } from "./Machine";
import { Marked } from "./Marked";
import { Newest } from "./Newest";
import { ParticlesPanel } from "./ParticlesPanel";
import { Trends } from "./Trends";
import type { Live } from "./types";
import { useCounted, useSpaced, useToldOf } from "./useCounted";

/** The first at once, the others now and then: they change little with one exposure more. */
const FRESH = ["/live", "/columns", "/qualities", "/squares", "/classes", "/volumes"] as const;
const TRENDS = 6;
/** Milliseconds between two exposures that are shown in full, at least. */
const NEWEST = 800;

/** The first screen of a session: whether it is good, and what to look at. */
export default function LiveScreen() {
  const { id, branch } = useSession();
  useFreshSession(id, FRESH);
  const live = useApi<Live>(sessionPath(id, "/live"), { branch }, { every: 10_000 });
  const measured = useTrends(id, branch); // asked for beside what is shown first, not after it
  return (
    <Page title={live.data?.session.name ?? "Live"} quiet>
      <Shown query={live} what="The session" loading={<div className={styles.placeholder} />}>
        {(told) => <Counted key={branch} live={told} id={id} branch={branch} measured={measured} />}
      </Shown>
    </Page>
  );
}

const NONE: readonly Quality[] = [];

/** The qualities that say most, and their columns. */
function useTrends(id: string, branch: string) {
  const qualities = useQualities(id, branch).data ?? NONE;
  const six = useMemo(
    () => qualities.filter(({ count }) => count > 0).slice(0, TRENDS),
    [qualities],
  );
  const counted = countedBy(qualities);
  const names = useMemo(
    () => [...new Set([...six.map(({ name }) => name), counted].filter(Boolean))],
    [six, counted],
  );
  const { columns } = useColumns(id, branch, names);
  return { qualities, six, counted, columns };
}

interface ToldProps {
  live: Live;
  id: string;
  branch: string;
  measured: ReturnType<typeof useTrends>;
}

/** Counts and the newest exposure come by the socket, before the document is asked for again. */
function Counted({ live, ...others }: ToldProps) {
  return <Told live={useCounted(others.id, others.branch, live)} {...others} />;
}

function Told({ live, id, branch, measured }: ToldProps) {
  const { qualities, six, counted, columns } = measured;
  const newest = useSpaced(useToldOf(live.newest?.name ?? null, live.last_event), NEWEST);
  const [brush, setBrush] = useState<Brush | null>(null);
  const mask = useMemo(() => (columns ? marked(brush, columns) : null), [columns, brush]);
  const usual = useMemo(() => {
    // Those of a branch that is tried did not come one after another.
    if (live.session.beside) return live.rates.usual;
    return columns && columns.shown === columns.total ? usualGap(columns.time) : gapOf(live);
  }, [columns, live]);
  const sum = live.headline.find(({ title }) => title === "Particles" || title === "Picks");
  return (
    <div className={styles.screen}>
      <Head live={live} usual={usual} />
      {live.again && (
        <Note tone="warning" title={`${live.again.text}.`}>
          {live.again.until !== null &&
            `Until then, numbers and pictures are those of before the change of ${moment(live.again.until)}${live.again.who ? ` by ${live.again.who}` : ""}.`}
        </Note>
      )}
      <Counters live={live} usual={usual} />
      <div className={styles.two}>
        <div className={styles.stack}>
          <Newest
            session={id}
            branch={branch}
            name={newest?.name ?? null}
            asof={newest?.at}
            qualities={qualities}
          />
          <Trends
            session={id}
            branch={branch}
            qualities={six}
            columns={columns}
            mask={mask}
            onBrush={setBrush}
          />
          <div className={styles.pair}>
            <GridMap
              session={id}
              branch={branch}
              qualities={qualities}
              columns={columns}
              mask={mask}
              brush={brush}
              onBrush={setBrush}
            />
            <ParticlesPanel
              columns={columns}
              name={counted}
              finished={live.session.finished || live.session.beside !== ""}
              total={sum?.value ?? null}
            />
          </div>
        </div>
        <div className={styles.stack}>
          <Alerts session={id} alerts={live.alerts} />
          <Classes session={id} branch={branch} />
          <Decisions decisions={live.decisions} />
          <Machine machine={live.machine} />
        </div>
      </div>
      <Marked
        session={id}
        branch={branch}
        brush={brush}
        count={columns ? estimate(countMarked(mask), columns.shown, columns.total) : 0}
        onClear={() => setBrush(null)}
      />
    </div>
  );
}

/** What particles are counted by: those that were extracted, else those that were picked. */
function countedBy(qualities: readonly Quality[]): string {
  const there = (name: string): boolean =>
    qualities.some((one) => one.name === name && one.count > 0);
  return there("particles.count") ? "particles.count" : there("picks.count") ? "picks.count" : "";
}

const gapOf = ({ rates }: Live): number | null => (rates.found ? 3600 / rates.found : null);

/** Of columns that were thinned out, each stands for several. */
const estimate = (count: number, shown: number, total: number): number =>
  shown > 0 ? Math.round((count * total) / shown) : 0;
