import { Handle, Position, useConnection, type Node, type NodeProps } from "@xyflow/react";
import { memo, useContext } from "react";
import type { Protocol } from "@/api/types";
import type { StepDocument } from "@/workflow/model";
import { unconnected, whyNot } from "@/workflow/typing";
import { EditingContext } from "./context";
import { StepFace } from "./StepFace";
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
  const { record, edited, problems, protocol } = data;
  return (
    <div
      className={styles.node}
      data-selected={selected || undefined}
      data-edited={edited || undefined}
      data-problem={problems > 0 || undefined}
      title={[protocol?.summary, record?.reason, edited].filter(Boolean).join("\n")}
    >
      <Ports data={data} />
      <StepFace {...data} />
    </div>
  );
});

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
