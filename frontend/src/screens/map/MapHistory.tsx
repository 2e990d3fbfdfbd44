import { useMemo } from "react";
import { Age } from "@/ui";
import { number, plural } from "@/units";
import { Updates } from "../updates/Updates";
import { resolutionWords } from "./resolution";
import type { MapAnswer } from "./types";

interface HistoryProps {
  answer: MapAnswer;
  /** Whether the newest update is followed. */
  newest: boolean;
  onUpdate: (update: number | null) => void;
}

/** How the map became better, and a way back to any of its updates. */
export function MapHistory({ answer, newest, onUpdate }: HistoryProps) {
  const { updates, volume } = answer;
  const lines = useMemo(
    () => [
      {
        name: "Resolution",
        points: updates
          .filter((one) => one.particles > 0)
          .map((one) => [one.particles, one.resolution] as const),
      },
    ],
    [updates],
  );
  return (
    <Updates
      updates={updates}
      shown={volume.update}
      newest={newest}
      onUpdate={onUpdate}
      note={`update ${number(volume.update)} of ${number(updates.at(-1)?.update)}; resolution (Å) over particles`}
      label={`Resolution over particles; now ${resolutionWords(volume)}`}
      lines={lines}
    >
      {plural(volume.particles, "particle")}, <Age time={answer.finished} />
    </Updates>
  );
}
