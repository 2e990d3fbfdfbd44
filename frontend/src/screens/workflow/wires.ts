import { Position, type NodeHandle } from "@xyflow/react";
import type { Protocol } from "@/api/types";
import type { Size } from "@/workflow/layout";
import type { Wire } from "@/workflow/ranks";
import {
  endId,
  linkId,
  linksOf,
  type Link,
  type Protocols,
  type WorkflowDocument,
} from "@/workflow/model";

/** How far from the middle of its box each of `count` ports stands. */
export function portOffset(index: number, count: number, height: number): number {
  return ((index + 1) / (count + 1) - 0.5) * (height - 20);
}

/** Width of a port's dot, as the style sheet draws it. */
const DOT = 11;

/**
 * Where the ports of a step's box are.
 *
 * The viewer of graphs is told so, for otherwise it measures the boxes first, anew whenever their
 * counts change, and draws no link until it has.
 */
export function handlesOf(protocol: Protocol | undefined, box: Size): NodeHandle[] {
  const side = (type: "source" | "target", ports: readonly { name: string }[]): NodeHandle[] =>
    ports.map((port, index) => ({
      id: port.name,
      type,
      position: type === "target" ? Position.Left : Position.Right,
      x: (type === "target" ? 0 : box.width) - DOT / 2,
      y: box.height / 2 + portOffset(index, ports.length, box.height) - DOT / 2,
      width: DOT,
      height: DOT,
    }));
  return [...side("target", protocol?.inputs ?? []), ...side("source", protocol?.outputs ?? [])];
}

/** The steps of the flow, those that stand apart, and the links between the former. */
export interface Graph {
  flow: string[];
  aside: string[];
  wires: Wire[];
  links: Map<string, Link>;
}

/** A workflow as the layout wants it. Monitors stand apart: their links are told, not drawn. */
export function graphOf(document: WorkflowDocument, protocols: Protocols, height: number): Graph {
  const kinds = new Map(document.steps.map((step) => [step.name, protocols.get(step.protocol)]));
  const isAside = (name: string) => kinds.get(name)?.kind === "monitor";
  const names = document.steps.map((step) => step.name);
  const links = linksOf(document, protocols);
  const drawn = links.filter(({ from, to }) => kinds.has(from.step) && !isAside(to.step));
  const wires = drawn.map((link): Wire => {
    const outputs = kinds.get(link.from.step)?.outputs ?? [];
    const inputs = kinds.get(link.to.step)?.inputs ?? [];
    const out = outputs.findIndex((port) => port.name === link.from.port);
    const into = inputs.findIndex((port) => port.name === link.to.port);
    return {
      id: linkId(link),
      from: link.from.step,
      to: link.to.step,
      trunk: endId(link.from),
      leaves: out < 0 ? 0 : portOffset(out, outputs.length, height),
      enters: into < 0 ? 0 : portOffset(into, inputs.length, height),
    };
  });
  return {
    flow: names.filter((name) => !isAside(name)),
    aside: names.filter(isAside),
    wires,
    links: new Map(links.map((link) => [linkId(link), link])),
  };
}

/** What a monitor watches, in words; empty for any other step. */
export function watchWords(
  step: string,
  kind: string | undefined,
  links: ReadonlyMap<string, Link>,
): string {
  if (kind !== "monitor") return "";
  const watched = [...links.values()].filter((link) => link.to.step === step);
  const names = new Set(watched.map((link) => link.from.step));
  return `watches ${[...names].join(", ") || "the session"}`;
}
