import { useNavigate } from "react-router";
import { Timeline, type Held } from "@/screens/alerts/Timeline";
import type { LiveFile, TimelineFile } from "../data/types";
import { useFile } from "../useReport";

/** Alerts, changes and the rate in one time: that of the acquisition. */
export function Times({ file }: { file: LiveFile }) {
  const line = useFile<TimelineFile>("timeline");
  const navigate = useNavigate();
  if (!line) return null;
  const alerts = line.alerts.map((bar) => ({
    ...bar,
    until: bar.cleared,
    acknowledgedBy: bar.acknowledged_by,
    mutedBy: bar.muted_by,
  }));
  // What holds goes on while nothing is written anew.
  const passed = file.session.finished ? 0 : Math.max(0, file.written - line.written);
  const pick = ({ number }: Held): void => {
    const order = line.alerts.find((one) => one.number === number)?.order ?? null;
    if (order === null) document.getElementById("alerts")?.scrollIntoView();
    else void navigate(`/exposure-${order + 1}`);
  };
  return (
    <Timeline
      alerts={alerts}
      changes={line.marks}
      tempo={line.tempo}
      called={file.called.many}
      until={line.now + passed}
      onPick={pick}
      onChange={() => document.getElementById("decisions")?.scrollIntoView()}
    />
  );
}
