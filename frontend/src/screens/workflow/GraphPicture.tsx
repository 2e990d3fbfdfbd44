import { useElementSize } from "@mantine/hooks";
import { useMemo } from "react";
import type { Protocol } from "@/api/types";
import { bandsFor, draw, MEASURES } from "@/workflow/layout";
import type { WorkflowDocument } from "@/workflow/model";
import { StepFace } from "./StepFace";
import type { StepRecord } from "./types";
import { graphOf, watchWords } from "./wires";
import styles from "./workflow.module.css";

interface Props {
  document: WorkflowDocument;
  protocols: ReadonlyMap<string, Protocol>;
  records: ReadonlyMap<string, StepRecord>;
}

/** Pixels of a window in which the graph is folded; the scale below which nobody reads it. */
const HIGH = 460;
const SMALLEST = 0.5;

/** The workflow as a still picture: laid out like the graph, with what each step does. */
export function GraphPicture({ document, protocols, records }: Props) {
  const { ref, width } = useElementSize();
  const graph = useMemo(() => graphOf(document, protocols, MEASURES.height), [document, protocols]);
  const drawing = useMemo(() => {
    const bands = width
      ? bandsFor(graph.flow, graph.wires, { width, height: HIGH }, graph.aside)
      : 1;
    return draw(graph.flow, graph.wires, graph.aside, bands);
  }, [graph, width]);
  const scale = width ? Math.min(1, Math.max(SMALLEST, width / drawing.width)) : 1;
  return (
    <div ref={ref} className={styles.still}>
      <div style={{ width: scale * drawing.width, height: scale * drawing.height }}>
        <div
          className={styles.drawing}
          style={{ width: drawing.width, height: drawing.height, transform: `scale(${scale})` }}
          role="img"
          aria-label="Steps and their links, with counts; the same numbers are in the table below"
        >
          <svg width={drawing.width} height={drawing.height}>
            {[...drawing.paths].map(([id, path]) => (
              <path key={id} className={styles.wire} d={path} />
            ))}
          </svg>
          {drawing.aside && (
            <div className={styles.label} style={{ left: drawing.aside.x, top: drawing.aside.y }}>
              Monitors
            </div>
          )}
          {document.steps.map((step) => {
            const box = drawing.boxes.get(step.name);
            if (!box) return null;
            const protocol = protocols.get(step.protocol);
            const record = records.get(step.name);
            const { x, y, ...size } = box;
            return (
              <div
                key={step.name}
                className={styles.place}
                data-state={record?.state}
                style={{ left: x, top: y, ...size }}
                title={[protocol?.summary, record?.reason].filter(Boolean).join("\n")}
              >
                <div className={styles.node}>
                  <StepFace
                    step={step}
                    protocol={protocol}
                    record={record}
                    watches={watchWords(step.name, protocol?.kind, graph.links)}
                  />
                </div>
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
