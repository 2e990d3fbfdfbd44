import { Handle, Position, useConnection, type Node, type NodeProps } from "@xyflow/react";
import { memo, useContext } from "react";
import type { Protocol } from "@/api/types";
import { ToneMark } from "@/ui";
import { toneOf } from "@/units";
import type { StepDocument } from "@/workflow/model";
import { unconnected, whyNot } from "@/workflow/typing";
import { EditingContext } from "./context";
import { countWords, paceWords, sharesOf } from "./progress";
import type { StepRecord } from "./types";
import { portOffset } from "./wires";
import styles from "./workflow.module.css";

export interface StepData extends Record<string, unknown> {
  step: StepDocument;
  protocol: Protocol | undefined;
  /** As it runs; a step that was added just now does not yet. */
  record: StepRecord | undefined;
  /** What was edited of it, in words. */
  edited: string;
  problems: number;
  /** What a monitor watches. */
  watches: string;
  height: number;
}

export type StepNodeType = Node<StepData, "step">;
export type GraphNode = StepNodeType | Node<{ text: string }, "label">;

/** The name of a part of the graph. */
export function LabelNode({ data }: NodeProps<Node<{ text: string }, "label">>) {
  return <div className={styles.label}>{data.text}</div>;
}

/** A step in the graph: its name, what it does, how far it is, and its ports. */
export const StepNode = memo(function StepNode({ data, selected }: NodeProps<StepNodeType>) {
  const { step, protocol, record, edited, problems, watches } = data;
  const state = record?.state ?? "new";
  return (
    <div
      className={styles.node}
      data-selected={selected || undefined}
      data-edited={edited || undefined}
      data-problem={problems > 0 || undefined}
      title={[protocol?.summary, record?.reason, edited].filter(Boolean).join("\n")}
    >
      <Ports data={data} />
      <div className={styles.nodeHead}>
        <ToneMark tone={record ? toneOf(state) : "idle"} />
        <span className={styles.nodeName}>{step.name}</span>
        {problems > 0 ? (
          <span className={styles.problem}>
            {problems === 1 ? "1 problem" : `${problems} problems`}
          </span>
        ) : (
          <span className={styles.nodeState}>{edited ? "edited" : state}</span>
        )}
      </div>
      <div className={styles.nodeTitle}>{watches || (protocol?.title ?? step.protocol)}</div>
      {!watches &&
        (record ? (
          <Progress record={record} />
        ) : (
          <div className={styles.nodeCounts}>not run yet</div>
        ))}
    </div>
  );
});

function Progress({ record }: { record: StepRecord }) {
  const shares = sharesOf(record.counts);
  return (
    <>
      <div className={styles.bar}>
        {shares.map(({ kind, count }) => (
          <span key={kind} data-kind={kind} style={{ flexGrow: count }} />
        ))}
      </div>
      <div className={styles.nodeCounts}>
        <span>{countWords(record)}</span>
        <span>{paceWords(record)}</span>
      </div>
    </>
  );
}

function Ports({ data: { step, protocol, height } }: { data: StepData }) {
  const { document, protocols } = useContext(EditingContext);
  const { fromHandle } = useConnection();
  const missing = new Set(unconnected(step, protocols).map((port) => port.name));
  const from = fromHandle && { step: fromHandle.nodeId, port: fromHandle.id ?? "" };
  const fitsHere = (type: "source" | "target", port: string): boolean | undefined => {
    if (!from || fromHandle.type === type) return undefined;
    const here = { step: step.name, port };
    const [source, target] = type === "target" ? [from, here] : [here, from];
    return whyNot(source, target, document, protocols) === "";
  };
  const top = (index: number, count: number) => height / 2 + portOffset(index, count, height);
  const [inputs, outputs] = [protocol?.inputs ?? [], protocol?.outputs ?? []];
  return (
    <>
      {inputs.map((port, index) => (
        <Handle
          key={port.name}
          id={port.name}
          type="target"
          position={Position.Left}
          className={styles.port}
          style={{ top: top(index, inputs.length) }}
          title={`${port.name}: takes ${port.type}${port.optional ? ", if you like" : ""}`}
          data-missing={missing.has(port.name) || undefined}
          data-fits={fitsHere("target", port.name)}
        />
      ))}
      {outputs.map((port, index) => (
        <Handle
          key={port.name}
          id={port.name}
          type="source"
          position={Position.Right}
          className={styles.port}
          style={{ top: top(index, outputs.length) }}
          title={`${port.name}: makes ${port.type}`}
          data-fits={fitsHere("source", port.name)}
        />
      ))}
    </>
  );
}
