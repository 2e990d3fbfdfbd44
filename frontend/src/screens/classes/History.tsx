import { useMemo } from "react";
import { Age } from "@/ui";
import { number, plural } from "@/units";
import { Updates } from "../updates/Updates";
import type { ClassesAnswer } from "./types";

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
  return (
    <Updates
      updates={updates}
      shown={answer.update}
      newest={newest}
      onUpdate={onUpdate}
      note={`update ${number(answer.update)} of ${number(updates.at(-1)?.update)}; resolution of the best class (Å) over particles`}
      label="Resolution of the best class over particles"
      lines={lines}
    >
      {plural(answer.particles, "particle")} in {plural(answer.classes.length, "class", "classes")},{" "}
      <Age time={answer.finished} />
    </Updates>
  );
}
