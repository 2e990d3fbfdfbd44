import type { PartId } from "./menu";
import type { LogFile, TimelineFile, TrendsFile } from "@/screens/report/types";
import type { AgreementFile, LiveFile, StepsFile, WhereFile } from "./data/types";
import { useFile } from "./useReport";

/** The parts of the page for which there is something to show. */
export function useThere(file: LiveFile | null): ReadonlySet<PartId> {
  const trends = useFile<TrendsFile>("trends");
  const where = useFile<WhereFile>("where");
  const agreement = useFile<AgreementFile>("agreement");
  const timeline = useFile<TimelineFile>("timeline");
  const log = useFile<LogFile>("log");
  const steps = useFile<StepsFile>("steps");
  if (!file) return new Set<PartId>(["main"]);
  const some = file.counts.found > 0;
  const limited = some && file.steps.some(({ limits }) => limits.length > 0);
  const there: Readonly<Record<PartId, boolean>> = {
    main: true,
    timeline: timeline?.tempo != null,
    trends: (trends?.qualities.length ?? 0) > 0,
    where: some && where !== null,
    groups: (where?.groups.length ?? 0) > 1 || (where?.shifts.order.length ?? 0) > 0,
    agreement: (agreement?.steps.length ?? 0) > 0,
    classes: file.classes.length > 0,
    maps: file.maps.length > 0,
    others: file.others.length > 0,
    steps: (steps?.steps.length ?? 0) > 0 || (steps !== null && limited),
    exposures: some,
    workflow: true,
    decisions: (log?.total ?? 0) > 0,
    machine: file.machine.length > 0,
    gains: file.gains.length > 0,
    acquisition: file.session.facts.length > 0,
  };
  return new Set((Object.keys(there) as PartId[]).filter((id) => there[id]));
}
