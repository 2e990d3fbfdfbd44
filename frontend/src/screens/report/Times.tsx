import { Timeline, type Held } from "../alerts/Timeline";
import type { TimelineFile } from "./types";

interface Props {
  line: TimelineFile;
  /** What comes in: movies. */
  called: string;
  finished: boolean;
  /** When it was told last how the session stands, in seconds. */
  written: number;
  onOpen: (number: number) => void;
  /** An alert was pressed that no exposure shows. */
  onAlerts: () => void;
}

/** Alerts, changes and the rate in one time: that of the acquisition. */
export function Times({ line, called, finished, written, onOpen, onAlerts }: Props) {
  const alerts = line.alerts.map((bar) => ({
    ...bar,
    until: bar.cleared,
    acknowledgedBy: bar.acknowledged_by,
    mutedBy: bar.muted_by,
  }));
  // What holds goes on while nothing is written anew.
  const passed = finished ? 0 : Math.max(0, written - line.written);
  const pick = ({ number }: Held): void => {
    const order = line.alerts.find((one) => one.number === number)?.order ?? null;
    if (order === null) onAlerts();
    else onOpen(order + 1);
  };
  return (
    <Timeline
      alerts={alerts}
      changes={line.marks}
      tempo={line.tempo}
      called={called}
      until={line.now + passed}
      ended={finished}
      onPick={pick}
      onChange={() => document.getElementById("decisions")?.scrollIntoView()}
    />
  );
}
