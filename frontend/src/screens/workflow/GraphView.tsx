import "@xyflow/react/dist/style.css";
import {
  Background,
  Controls,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  type Connection,
  type Edge,
  type EdgeChange,
  type NodeChange,
  type OnConnectEnd,
} from "@xyflow/react";
import { useComputedColorScheme } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useCallback, useEffect, useMemo } from "react";
import type { Problem, Protocol } from "@/api/types";
import { bandsFor, draw, MEASURES, type Size } from "@/workflow/layout";
import type { Difference } from "@/workflow/changes";
import type { End, Link, Protocols, WorkflowDocument } from "@/workflow/model";
import { whyNot } from "@/workflow/typing";
import { EditingContext } from "./context";
import { LabelNode, StepNode, type GraphNode } from "./StepNode";
import type { StepRecord } from "./types";
import { WireEdge, type WireEdgeType } from "./WireEdge";
import { graphOf, handlesOf, watchWords } from "./wires";
import styles from "./workflow.module.css";

const NODES = { step: StepNode, label: LabelNode };
const EDGES = { wire: WireEdge };
/** Room around the drawing, and the scale below which nobody reads it: a finger moves it then. */
const ROOM = 14;
const SMALLEST = 0.5;

/** The view that shows all of a drawing, its links too, as large as it is drawn at most. */
function fitted(view: Size, drawing: Size): { x: number; y: number; zoom: number } {
  const wide = (view.width - 2 * ROOM) / drawing.width;
  const high = (view.height - 2 * ROOM) / drawing.height;
  const zoom = Math.max(SMALLEST, Math.min(1, wide, high));
  return {
    x: Math.max(ROOM, (view.width - zoom * drawing.width) / 2),
    y: Math.max(ROOM, (view.height - zoom * drawing.height) / 2),
    zoom,
  };
}

export interface GraphProps {
  document: WorkflowDocument;
  protocols: ReadonlyMap<string, Protocol>;
  records: ReadonlyMap<string, StepRecord>;
  changes: readonly Difference[];
  problems: readonly Problem[];
  selected: string | null;
  selectedLink: string | null;
  /** Whether the person may edit. */
  editable: boolean;
  onSelect: (step: string | null) => void;
  onSelectLink: (link: string | null) => void;
  onConnect: (link: Link) => void;
  onDisconnect: (link: Link) => void;
  onRemove: (steps: string[]) => void;
  /** A link was dragged from a port to where nothing is. */
  onLoose: (end: End, side: "source" | "target") => void;
}

/** The workflow as a graph that is laid out by itself, with what each step does right now. */
export function GraphView(props: GraphProps) {
  const { document, protocols } = props;
  const editing = useMemo(
    () => ({ document, protocols: protocols as Protocols }),
    [document, protocols],
  );
  const { ref, width, height } = useElementSize();
  const room = useMemo(() => ({ width, height }), [width, height]);
  return (
    <EditingContext value={editing}>
      <div ref={ref} className={styles.graph}>
        {width > 0 && (
          <ReactFlowProvider>
            <Flow {...props} room={room} />
          </ReactFlowProvider>
        )}
      </div>
    </EditingContext>
  );
}

/** The graph in its room, whose size is known: how it is folded depends on that. */
function Flow(props: GraphProps & { room: Size }) {
  const { document, protocols, editable, room } = props;
  const scheme = useComputedColorScheme("light");
  const graph = useMemo(() => graphOf(document, protocols, MEASURES.height), [document, protocols]);
  const bands = useMemo(() => bandsFor(graph.flow, graph.wires, room, graph.aside), [graph, room]);
  const drawing = useMemo(() => draw(graph.flow, graph.wires, graph.aside, bands), [graph, bands]);
  const nodes = useNodes(props, drawing, graph.links);
  const edges = useEdges(props, drawing, graph.links);
  const { setViewport } = useReactFlow();
  const fit = useCallback(
    () => void setViewport(fitted(room, drawing)),
    [setViewport, room, drawing],
  );
  // Only what changes the drawing moves it: counts come in while a person looks at a part.
  useEffect(fit, [fit]);
  const isValid = useCallback(
    (link: Connection | Edge) => {
      const { from, to } = linkFrom(link);
      return whyNot(from, to, document, protocols) === "";
    },
    [document, protocols],
  );
  const dropped: OnConnectEnd = (_event, state) => {
    if (state.toHandle || state.toNode || !state.fromHandle) return;
    const { nodeId, id, type } = state.fromHandle;
    props.onLoose({ step: nodeId, port: id ?? "" }, type);
  };
  return (
    <ReactFlow<GraphNode, WireEdgeType>
      nodes={nodes}
      edges={edges}
      nodeTypes={NODES}
      edgeTypes={EDGES}
      colorMode={scheme}
      minZoom={0.2}
      maxZoom={1.6}
      nodesDraggable={false}
      nodesConnectable={editable}
      elementsSelectable
      deleteKeyCode={editable ? ["Delete", "Backspace"] : null}
      connectionRadius={28}
      isValidConnection={isValid}
      onConnect={(link) => props.onConnect(linkFrom(link))}
      onConnectEnd={dropped}
      onNodesChange={(changes) => nodesChanged(changes, props)}
      onEdgesChange={(changes) => edgesChanged(changes, props, graph.links)}
      onPaneClick={() => {
        props.onSelect(null);
        props.onSelectLink(null);
      }}
      proOptions={{ hideAttribution: true }}
      aria-label="The workflow as a graph"
    >
      <Background gap={24} size={1} />
      <Controls showInteractive={false} onFitView={fit} />
    </ReactFlow>
  );
}

const linkFrom = (link: Connection | Edge): Link => ({
  from: { step: link.source, port: link.sourceHandle ?? "" },
  to: { step: link.target, port: link.targetHandle ?? "" },
});

function nodesChanged(changes: NodeChange<GraphNode>[], props: GraphProps): void {
  const removed = changes.flatMap((change) => (change.type === "remove" ? [change.id] : []));
  if (removed.length > 0) props.onRemove(removed);
  const chosen = changes.findLast((change) => change.type === "select" && change.selected);
  if (chosen?.type === "select") props.onSelect(chosen.id);
}

function edgesChanged(
  changes: EdgeChange<WireEdgeType>[],
  props: GraphProps,
  links: ReadonlyMap<string, Link>,
): void {
  for (const change of changes) {
    if (change.type === "remove") {
      const link = links.get(change.id);
      if (link) props.onDisconnect(link);
    } else if (change.type === "select") props.onSelectLink(change.selected ? change.id : null);
  }
}

type Drawn = ReturnType<typeof draw>;

function useNodes(props: GraphProps, drawing: Drawn, links: ReadonlyMap<string, Link>) {
  const { document, protocols, records, changes, problems, selected } = props;
  return useMemo(
    () => [
      ...labelOf(drawing.aside),
      ...document.steps.flatMap((step): GraphNode[] => {
        const box = drawing.boxes.get(step.name);
        if (!box) return [];
        const protocol = protocols.get(step.protocol);
        const watches = watchWords(step.name, protocol?.kind, links);
        return [
          {
            id: step.name,
            type: "step",
            position: { x: box.x, y: box.y },
            width: box.width,
            height: box.height,
            handles: handlesOf(protocol, box),
            selected: selected === step.name,
            ariaLabel: `${step.name}: ${protocol?.title ?? step.protocol}`,
            data: {
              step,
              protocol,
              record: records.get(step.name),
              edited: changes
                .filter((change) => change.step === step.name)
                .map((change) => change.words)
                .join("\n"),
              problems: problems.filter((problem) => problem.where.split(".")[0] === step.name)
                .length,
              watches,
              height: box.height,
            },
          },
        ];
      }),
    ],
    [document, protocols, records, changes, problems, selected, drawing, links],
  );
}

const labelOf = (place: Drawn["aside"]): GraphNode[] =>
  place
    ? [
        {
          id: "monitors:",
          type: "label",
          position: place,
          data: { text: "Monitors" },
          selectable: false,
          focusable: false,
          deletable: false,
        },
      ]
    : [];

function useEdges(props: GraphProps, drawing: Drawn, links: ReadonlyMap<string, Link>) {
  const { selected, selectedLink } = props;
  return useMemo(
    () =>
      [...drawing.paths].flatMap(([id, path]): WireEdgeType[] => {
        const link = links.get(id);
        if (!link) return [];
        const lit = selected === link.from.step || selected === link.to.step;
        return [
          {
            id,
            type: "wire",
            source: link.from.step,
            target: link.to.step,
            sourceHandle: link.from.port,
            targetHandle: link.to.port,
            selected: selectedLink === id,
            zIndex: lit ? 1 : 0,
            ariaLabel: `${link.from.step}.${link.from.port} feeds ${link.to.step}.${link.to.port}`,
            data: { path, lit },
          },
        ];
      }),
    [drawing, links, selected, selectedLink],
  );
}
