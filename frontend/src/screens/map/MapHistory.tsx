import { Button, Slider } from "@mantine/core";
import { useMemo } from "react";
import { Series } from "@/charts";
import { Age, Panel } from "@/ui";
import { number, plural } from "@/units";
import styles from "./map.module.css";
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
  if (updates.length < 2) return null;
  const place = Math.max(
    0,
    updates.findIndex((one) => one.update === volume.update),
  );
  const last = updates.length - 1;
  return (
    <Panel
      title="Updates"
      note={`${plural(updates.length, "update")}; resolution (Å) over particles`}
      tools={
        <Button
          size="compact-xs"
          variant={newest ? "light" : "default"}
          onClick={() => onUpdate(null)}
          aria-pressed={newest}
        >
          Follow the newest
        </Button>
      }
    >
      <div className={styles.history}>
        <div>
          <Slider
            min={0}
            max={last}
            value={place}
            onChange={(value) => onUpdate(updates[value]?.update ?? null)}
            label={null}
            marks={updates.length <= 24 ? updates.map((_, value) => ({ value })) : []}
            thumbLabel="Update that is shown"
          />
          <p className={styles.words}>
            Update {number(volume.update)} of {number(updates[last]?.update)}:{" "}
            {plural(volume.particles, "particle")}, <Age time={answer.finished} />
          </p>
        </div>
        <Series
          label={`Resolution over particles; now ${resolutionWords(volume)}`}
          lines={lines}
          unit="Å"
          digits={1}
          height={90}
        />
      </div>
    </Panel>
  );
}
