/** Changes of a workflow document; each returns a new one and leaves the old as it is. */

import {
  endId,
  readEnd,
  sourcesOf,
  type End,
  type Link,
  type ProtocolInfo,
  type Protocols,
  type StepDocument,
  type WorkflowDocument,
} from "./model";
import { fits, inputOf, whyNot } from "./typing";

/** What names of steps look like. */
export const STEP_NAME = /^[a-z][a-z0-9_-]{0,40}$/;

/** A name for a new step of a protocol that no other step has: `ctf`, `ctf_2`. */
export function freeName(protocol: string, document: WorkflowDocument): string {
  const taken = new Set(document.steps.map((step) => step.name));
  const base = (protocol.split(".")[0] ?? "").toLowerCase().replace(/[^a-z0-9_-]/g, "") || "step";
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? base : `${base}_${String(number)}`;
    if (!taken.has(name)) return name;
  }
}

/** The document with a new step, fed by `from` where that fits, and its name. */
export function addStep(
  document: WorkflowDocument,
  protocol: ProtocolInfo,
  protocols: Protocols,
  from?: End,
): { document: WorkflowDocument; name: string } {
  const name = freeName(protocol.name, document);
  const step: StepDocument = { name, protocol: protocol.name, parameters: {}, inputs: {} };
  let grown: WorkflowDocument = { ...document, steps: [...document.steps, step] };
  const given = from && document.steps.find((each) => each.name === from.step);
  const output =
    given && protocols.get(given.protocol)?.outputs.find((each) => each.name === from.port);
  const input = output && protocol.inputs.find((port) => fits(output, protocol, port));
  if (from && input)
    grown = connect(grown, { from, to: { step: name, port: input.name } }, protocols);
  return { document: grown, name };
}

/** The document without some steps and all links to and from them. */
export function removeSteps(
  document: WorkflowDocument,
  names: ReadonlySet<string>,
): WorkflowDocument {
  const kept = document.steps.filter((step) => !names.has(step.name));
  return {
    ...document,
    steps: kept.map((step) => withSources(step, (text) => (names.has(stepIn(text)) ? null : text))),
  };
}

/** Why a step cannot be called so; empty when it can. */
export function nameProblem(document: WorkflowDocument, old: string, name: string): string {
  if (!STEP_NAME.test(name)) {
    return "names are lower-case letters, digits, '_' and '-', starting with a letter";
  }
  const taken = name !== old && document.steps.some((step) => step.name === name);
  return taken ? `there is a step ${name} already` : "";
}

/** The document with a step called otherwise, wherever it is named as a source. */
export function renameStep(
  document: WorkflowDocument,
  old: string,
  name: string,
): WorkflowDocument {
  return {
    ...document,
    steps: document.steps.map((step) => {
      const moved = withSources(step, (text) =>
        stepIn(text) === old ? name + text.slice(old.length) : text,
      );
      return step.name === old ? { ...moved, name } : moved;
    }),
  };
}

/** The document with other parameters of a step: only those that differ from the defaults. */
export function setParameters(
  document: WorkflowDocument,
  name: string,
  parameters: Record<string, unknown>,
): WorkflowDocument {
  return replaced(document, name, (step) => ({ ...step, parameters }));
}

/** The document with a link more; where the input takes one link only, it replaces the old one. */
export function connect(
  document: WorkflowDocument,
  link: Link,
  protocols: Protocols,
): WorkflowDocument {
  if (whyNot(link.from, link.to, document, protocols) !== "") return document;
  return replaced(document, link.to.step, (step) => {
    const info = protocols.get(step.protocol);
    const several = info?.agrees === true || inputOf(step, link.to.port, protocols)?.many === true;
    const already = sourcesOf(step, link.to.port);
    const text = endId(link.from);
    const sources = several
      ? [...already.filter((each) => !same(each, link.from, document, protocols)), text]
      : [text];
    return withInput(step, link.to.port, sources);
  });
}

/** The document without a link. */
export function disconnect(
  document: WorkflowDocument,
  link: Link,
  protocols: Protocols,
): WorkflowDocument {
  return replaced(document, link.to.step, (step) =>
    withInput(
      step,
      link.to.port,
      sourcesOf(step, link.to.port).filter((each) => !same(each, link.from, document, protocols)),
    ),
  );
}

/** Whether two documents say the same, whatever the order of their keys. */
export function sameDocument(a: unknown, b: unknown): boolean {
  return JSON.stringify(ordered(a)) === JSON.stringify(ordered(b));
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value as Record<string, unknown>)
      .filter(([, each]) => each !== undefined && !isEmpty(each))
      .sort(([left], [right]) => (left < right ? -1 : 1));
    return Object.fromEntries(entries.map(([key, each]) => [key, ordered(each)]));
  }
  return value;
}

const isEmpty = (value: unknown): boolean =>
  value !== null &&
  typeof value === "object" &&
  !Array.isArray(value) &&
  Object.keys(value).length === 0;

const stepIn = (text: string): string => text.split(".", 1)[0] ?? "";

const same = (text: string, end: End, document: WorkflowDocument, protocols: Protocols): boolean =>
  endId(readEnd(text, document, protocols)) === endId(end);

function replaced(
  document: WorkflowDocument,
  name: string,
  change: (step: StepDocument) => StepDocument,
): WorkflowDocument {
  return {
    ...document,
    steps: document.steps.map((step) => (step.name === name ? change(step) : step)),
  };
}

function withInput(step: StepDocument, port: string, sources: string[]): StepDocument {
  const others = Object.entries(step.inputs ?? {}).filter(([name]) => name !== port);
  const own: [string, string | string[]][] =
    sources.length === 0 ? [] : [[port, sources.length === 1 ? (sources[0] ?? "") : sources]];
  return { ...step, inputs: Object.fromEntries([...others, ...own]) };
}

function withSources(step: StepDocument, change: (text: string) => string | null): StepDocument {
  return Object.keys(step.inputs ?? {}).reduce(
    (changed, port) =>
      withInput(
        changed,
        port,
        sourcesOf(step, port).flatMap((text) => change(text) ?? []),
      ),
    step,
  );
}
