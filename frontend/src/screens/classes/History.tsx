import { Button, Slider } from "@mantine/core";
import { useMemo } from "react";
import { Series } from "@/charts";
import { Age, Panel } from "@/ui";
import { number, plural } from "@/units";
import type { ClassesAnswer } from "./types";
import styles from "./classes.module.css";

interface HistoryProps {
  answer: ClassesAnswer;
  newest: boolean;
  onUpdate: (update: number | null) => void;
}

/** How the classes came to be: every update of the classification, and the way to each. */
export function History({ answer, newest, onUpdate }: HistoryProps) {
  const { updates } = answer;
  const lines = useMemo(
    () => [
      { name: "Best class", points: updates.map((one) => [one.particles, one.best] as const) },
    ],
    [updates],
  );
  if (updates.length < 2) return null;
  const last = updates.length - 1;
  const place = Math.max(
    0,
    updates.findIndex((one) => one.update === answer.update),
  );
  return (
    <Panel
      title="Updates"
      note={`update ${number(answer.update)} of ${number(updates[last]?.update)}; resolution of the best class (Å) over particles`}
      tools={
        <Button
          size="compact-xs"
          variant={newest ? "light" : "default"}
          aria-pressed={newest}
          onClick={() => onUpdate(null)}
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
            {plural(answer.particles, "particle")} in{" "}
            {plural(answer.classes.length, "class", "classes")}, <Age time={answer.finished} />
          </p>
        </div>
        <Series
          label="Resolution of the best class over particles"
          lines={lines}
          unit="Å"
          digits={1}
          height={90}
        />
      </div>
    </Panel>
  );
}
