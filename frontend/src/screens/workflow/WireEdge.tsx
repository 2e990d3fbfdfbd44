import { BaseEdge, type Edge, type EdgeProps } from "@xyflow/react";
import { memo } from "react";
import styles from "./workflow.module.css";

export type WireEdgeType = Edge<{ path: string; lit: boolean }, "wire">;

/** A link along the way that the layout found for it. */
export const WireEdge = memo(function WireEdge({ id, data, selected }: EdgeProps<WireEdgeType>) {
  const state = selected ? styles.wireSelected : data?.lit ? styles.wireLit : styles.wire;
  return <BaseEdge id={id} path={data?.path ?? ""} className={state} interactionWidth={14} />;
});
