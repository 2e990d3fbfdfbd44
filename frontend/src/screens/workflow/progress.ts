import { duration, number } from "@/units";
import type { Counts, StepRecord } from "./types";

/** A part of the bar of a step. */
export interface Share {
  kind: "done" | "rejected" | "failed" | "running" | "waiting";
  count: number;
}

/** How far a step is, as parts of one bar; nothing for a step without tasks. */
export function sharesOf(counts: Counts): Share[] {
  const parts: Share[] = [
    { kind: "done", count: counts.done - counts.rejected },
    { kind: "rejected", count: counts.rejected },
    { kind: "failed", count: counts.failed },
    { kind: "running", count: counts.running },
    { kind: "waiting", count: counts.ready + counts.held },
  ];
  return parts.filter((part) => part.count > 0);
}

/** Mean time of a task that ran; null before the first. */
export function meanSeconds(counts: Counts): number | null {
  const ran = counts.done - counts.reused;
  return ran > 0 ? counts.seconds / ran : null;
}

/** What a step has done, in a few words: `19 done, 1 rejected`. */
export function countWords({ counts, kind, waiting }: StepRecord): string {
  if (kind === "monitor") return "watching";
  const parts = [
    [counts.done - counts.rejected, kind === "source" ? "found" : "done"],
    [counts.rejected, "rejected"],
    [counts.failed, "failed"],
    [counts.running, "running"],
    [counts.ready, "waiting"],
    [counts.held, "held"],
    [waiting, "not whole yet"],
  ] as const;
  const said = parts.filter(([count]) => count > 0);
  return said.map(([count, word]) => `${number(count)} ${word}`).join(", ") || "nothing yet";
}

/** How long a task takes, or nothing where that is not known or not worth a word. */
export function paceWords(step: StepRecord): string {
  const mean = step.kind === "source" ? null : meanSeconds(step.counts);
  return mean === null || mean < 0.005 ? "" : `${duration(mean)} each`;
}
