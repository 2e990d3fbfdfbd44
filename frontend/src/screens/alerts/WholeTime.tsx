import { sessionPath, useApi, useSessions } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { useNow } from "@/ui";
import { Timeline, type Held } from "./Timeline";
import type { Change, Tempo } from "./timing";

/** An alert in the time of the acquisition, as the server has it. */
interface Bar extends Omit<Held, "until" | "acknowledgedBy" | "mutedBy"> {
  acknowledged_by: string;
  muted_by: string;
}

type Line = Pick<Schemas["SessionTimeline"], "now" | "written"> & {
  alerts: readonly Bar[];
  marks: readonly Change[];
  tempo: Tempo | null;
};

const ENDED: readonly string[] = ["done", "stopped"];

interface Props {
  id: string;
  branch: string;
  onPick: () => void;
}

/** Alerts, changes and the rate, over all the time of the session. */
export function WholeTime({ id, branch, onPick }: Props) {
  const line = useApi<Line>(sessionPath(id, "/timeline"), { branch }, { every: 15_000 }).data;
  const state = useSessions().data?.find((one) => one.id === id)?.state ?? "";
  const now = useNow();
  if (!line) return null;
  const ended = ENDED.includes(state);
  const alerts = line.alerts.map((bar) => ({
    ...bar,
    until: bar.cleared,
    acknowledgedBy: bar.acknowledged_by,
    mutedBy: bar.muted_by,
  }));
  return (
    <Timeline
      alerts={alerts}
      changes={line.marks}
      tempo={line.tempo}
      called="exposures"
      // What holds goes on while nothing is told anew.
      until={line.now + (ended ? 0 : Math.max(0, now - line.written))}
      ended={ended}
      onPick={onPick}
    />
  );
}
