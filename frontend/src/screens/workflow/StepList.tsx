import { useRef, type KeyboardEvent } from "react";
import type { Problem } from "@/api/types";
import { ToneMark } from "@/ui";
import { toneOf } from "@/units";
import type { Difference } from "@/workflow/changes";
import type { WorkflowDocument } from "@/workflow/model";
import { countWords } from "./progress";
import type { StepRecord } from "./types";
import styles from "./workflow.module.css";

interface ListProps {
  document: WorkflowDocument;
  records: ReadonlyMap<string, StepRecord>;
  changes: readonly Difference[];
  problems: readonly Problem[];
  selected: string | null;
  onSelect: (step: string) => void;
  onRemove?: (step: string) => void;
}

/** All steps in the order of the workflow: what the graph shows, for the keyboard and for phones. */
export function StepList(props: ListProps) {
  const { document, records, changes, problems, selected, onSelect, onRemove } = props;
  const list = useRef<HTMLUListElement>(null);
  const names = document.steps.map((step) => step.name);
  const press = (event: KeyboardEvent) => {
    const focused = event.target instanceof HTMLElement ? event.target.dataset.step : undefined;
    const at = names.indexOf(focused ?? selected ?? "");
    const moves: Record<string, number> = {
      ArrowDown: Math.min(names.length - 1, at + 1),
      ArrowUp: Math.max(0, at - 1),
      Home: 0,
      End: names.length - 1,
    };
    const next = names[moves[event.key] ?? -1];
    if (next !== undefined) {
      event.preventDefault();
      onSelect(next);
      list.current?.querySelector<HTMLElement>(`[data-step="${next}"]`)?.focus();
    } else if (event.key === "Delete" && selected && onRemove) onRemove(selected);
  };
  const current = selected && names.includes(selected) ? selected : names[0];
  return (
    <ul
      ref={list}
      className={styles.steps}
      data-short={selected !== null || undefined}
      aria-label="Steps"
      onKeyDown={press}
    >
      {document.steps.map((step) => {
        const record = records.get(step.name);
        const wrong = problems.some((problem) => problem.where.split(".")[0] === step.name);
        const edited = changes.some((change) => change.step === step.name);
        const said = wrong ? "has problems" : edited ? "edited" : record ? countWords(record) : "";
        return (
          <li key={step.name}>
            <button
              type="button"
              className={styles.stepLine}
              data-step={step.name}
              data-selected={selected === step.name || undefined}
              aria-current={selected === step.name || undefined}
              tabIndex={step.name === current ? 0 : -1}
              onClick={() => onSelect(step.name)}
            >
              <ToneMark tone={wrong ? "bad" : record ? toneOf(record.state) : "idle"} />
              <span className={styles.stepName}>{step.name}</span>
              <span className={styles.stepSaid}>{said}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
