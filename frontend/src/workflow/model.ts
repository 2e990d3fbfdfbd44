/** Workflows as people edit them: the JSON document of a workflow file, and its protocols. */

import type { Schemas } from "@/api/types";

/** A step of a workflow document. An input names the outputs that feed it: `step.port`. */
export interface StepDocument {
  name: string;
  protocol: string;
  parameters?: Record<string, unknown>;
  inputs?: Record<string, string | string[]>;
  /** Where it was imported from; kept as it is. */
  origin?: unknown;
}

/** A value that a workflow leaves open; parameters hold it as `{{name}}`. */
export interface Blank {
  name: string;
  title?: string;
  kind?: "text" | "number" | "whole number" | "yes or no" | "file" | "folder";
  unit?: string;
  /** Not there: somebody has to fill it; null: it may stay open. */
  default?: boolean | number | string | null;
  /** What the metadata of the movies call it. */
  metadata?: string;
}

/** A workflow file. */
export interface WorkflowDocument {
  version?: number;
  name: string;
  about?: string;
  blanks?: Blank[];
  origin?: unknown;
  steps: StepDocument[];
}

/** Whether a parameter's value, at any depth, is left open. */
export const isOpen = (value: unknown): boolean =>
  /\{\{ *[a-z][a-z0-9_]* *\}\}/.test(JSON.stringify(value) ?? "");

/** A typed input or output of a protocol; `fits` is what it may be linked with, `protocol.port`. */
export type Port = Schemas["ProtocolPort"];

/** What the editor has to know of a protocol. */
export type ProtocolInfo = Pick<
  Schemas["ProtocolDocument"],
  "name" | "title" | "summary" | "kind" | "inputs" | "outputs" | "agrees" | "schema"
>;

export type Protocols = ReadonlyMap<string, ProtocolInfo>;

/** One end of a link. */
export interface End {
  step: string;
  port: string;
}

/** An output of one step that feeds an input of another. */
export interface Link {
  from: End;
  to: End;
}

/** Identity of a link, and of an end. */
export const endId = (end: End): string => `${end.step}.${end.port}`;
export const linkId = (link: Link): string => `${endId(link.from)}>${endId(link.to)}`;

/** The sources of one input as a list, however the document has them. */
export function sourcesOf(step: StepDocument, port: string): string[] {
  const given = step.inputs?.[port];
  if (given === undefined) return [];
  return Array.isArray(given) ? given : [given];
}

/** `align` or `align.micrograph` as an end: a step with one output needs no port. */
export function readEnd(text: string, document: WorkflowDocument, protocols: Protocols): End {
  const at = text.indexOf(".");
  if (at >= 0) return { step: text.slice(0, at), port: text.slice(at + 1) };
  const step = document.steps.find((each) => each.name === text);
  const outputs = step ? (protocols.get(step.protocol)?.outputs ?? []) : [];
  return { step: text, port: outputs.length === 1 ? (outputs[0]?.name ?? "") : "" };
}

/** All links of a workflow, those from steps that are not there too. */
export function linksOf(document: WorkflowDocument, protocols: Protocols): Link[] {
  return document.steps.flatMap((step) =>
    Object.keys(step.inputs ?? {}).flatMap((port) =>
      sourcesOf(step, port).map((text) => ({
        from: readEnd(text, document, protocols),
        to: { step: step.name, port },
      })),
    ),
  );
}
