/** Which outputs fit which inputs, and why not. */

import {
  linksOf,
  sourcesOf,
  type End,
  type Port,
  type ProtocolInfo,
  type Protocols,
  type StepDocument,
  type WorkflowDocument,
} from "./model";

/** Whether a port may be linked with one of a protocol. */
export function fits(port: Port, protocol: ProtocolInfo, other: Port): boolean {
  return port.fits.includes(`${protocol.name}.${other.name}`);
}

/** Names of steps that depend on `name`, itself included. */
export function downstream(
  name: string,
  document: WorkflowDocument,
  protocols: Protocols,
): Set<string> {
  const links = linksOf(document, protocols);
  const reached = new Set<string>();
  const front = [name];
  for (let next = front.pop(); next !== undefined; next = front.pop()) {
    if (reached.has(next)) continue;
    reached.add(next);
    for (const link of links) if (link.from.step === next) front.push(link.to.step);
  }
  return reached;
}

/** Why a link cannot be made; empty when it can. */
export function whyNot(
  from: End,
  to: End,
  document: WorkflowDocument,
  protocols: Protocols,
): string {
  const source = stepOf(document, from.step);
  const target = stepOf(document, to.step);
  const output = source && outputOf(source, from.port, protocols);
  const input = target && inputOf(target, to.port, protocols);
  if (!output) return `${from.step} has no output ${from.port}`;
  if (!input) return `${to.step} has no input ${to.port}`;
  if (!output.fits.includes(`${target.protocol}.${input.name}`)) {
    return input.many
      ? `${to.step}.${to.port} looks at results that say what was measured, and ${output.type} does not`
      : `${to.step}.${to.port} takes ${input.type}, and ${from.step}.${from.port} is ${output.type}`;
  }
  if (downstream(to.step, document, protocols).has(from.step)) {
    return from.step === to.step
      ? "a step cannot feed itself"
      : `${to.step} feeds ${from.step} already: the link would close a circle`;
  }
  return "";
}

/** An output that can be chosen, and where it is. */
export interface Choice {
  end: End;
  type: string;
}

/** Every output that may feed an input of a step, in the order of the document. */
export function choicesFor(to: End, document: WorkflowDocument, protocols: Protocols): Choice[] {
  return document.steps.flatMap((step) =>
    (protocols.get(step.protocol)?.outputs ?? [])
      .map((output) => ({ end: { step: step.name, port: output.name }, type: output.type }))
      .filter((choice) => whyNot(choice.end, to, document, protocols) === ""),
  );
}

/** Inputs that must be connected and are not. */
export function unconnected(step: StepDocument, protocols: Protocols): Port[] {
  const ports = protocols.get(step.protocol)?.inputs ?? [];
  return ports.filter((port) => !port.optional && sourcesOf(step, port.name).length === 0);
}

/** A protocol of the palette, and whether it takes what the chosen port makes. */
export interface Offer {
  protocol: ProtocolInfo;
  fits: boolean;
}

/**
 * Protocols that match what was typed: those that take the chosen output (or make what the chosen
 * input wants) first, then by how well their words match.
 */
export function offers(typed: string, protocols: Protocols, port?: Port): Offer[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return [...protocols.values()]
    .map((protocol) => ({
      protocol,
      fits: port ? takesPart(protocol, port) : false,
      rank: rankOf(protocol, words),
    }))
    .filter((offer) => offer.rank > 0)
    .sort(
      (a, b) =>
        Number(b.fits) - Number(a.fits) ||
        b.rank - a.rank ||
        a.protocol.name.localeCompare(b.protocol.name),
    )
    .map(({ protocol, fits }) => ({ protocol, fits }));
}

const takesPart = (protocol: ProtocolInfo, port: Port): boolean =>
  [...protocol.inputs, ...protocol.outputs].some((other) => fits(port, protocol, other));

/** 0 when a word is found nowhere; more the nearer the words stand to the name. */
function rankOf(protocol: ProtocolInfo, words: string[]): number {
  const places: [string, number][] = [
    [protocol.name.toLowerCase(), 4],
    [protocol.title.toLowerCase(), 3],
    [protocol.kind.toLowerCase(), 2],
    [protocol.summary.toLowerCase(), 1],
  ];
  let rank = 1;
  for (const word of words) {
    const best = Math.max(0, ...places.map(([text, weight]) => (text.includes(word) ? weight : 0)));
    if (best === 0) return 0;
    rank += best;
  }
  return rank;
}

const stepOf = (document: WorkflowDocument, name: string): StepDocument | undefined =>
  document.steps.find((step) => step.name === name);

/** The output port of a step; undefined where there is none of that name. */
export const outputOf = (
  step: StepDocument,
  port: string,
  protocols: Protocols,
): Port | undefined => protocols.get(step.protocol)?.outputs.find((each) => each.name === port);

/** The input port of a step; undefined where there is none of that name. */
export const inputOf = (step: StepDocument, port: string, protocols: Protocols): Port | undefined =>
  protocols.get(step.protocol)?.inputs.find((each) => each.name === port);
