/** What differs between two workflows, in words. */

import { sameDocument } from "./editing";
import {
  endId,
  linkId,
  linksOf,
  type Protocols,
  type StepDocument,
  type WorkflowDocument,
} from "./model";

/** One difference, and the step that it is about. */
export interface Difference {
  step: string;
  kind: "added" | "removed" | "changed" | "linked" | "unlinked" | "renamed";
  words: string;
}

/** Everything that is other in `after` than in `before`. */
export function differences(
  before: WorkflowDocument,
  after: WorkflowDocument,
  protocols: Protocols,
): Difference[] {
  const old = new Map(before.steps.map((step) => [step.name, step]));
  const now = new Map(after.steps.map((step) => [step.name, step]));
  const found: Difference[] = [];
  for (const step of after.steps) {
    const was = old.get(step.name);
    if (!was)
      found.push({
        step: step.name,
        kind: "added",
        words: `${step.name} (${step.protocol}) is new`,
      });
    else found.push(...changesOf(was, step));
  }
  for (const step of before.steps) {
    if (!now.has(step.name))
      found.push({ step: step.name, kind: "removed", words: `${step.name} is left out` });
  }
  return [...found, ...linkChanges(before, after, protocols)];
}

function changesOf(was: StepDocument, is: StepDocument): Difference[] {
  const found: Difference[] = [];
  if (was.protocol !== is.protocol) {
    found.push({
      step: is.name,
      kind: "changed",
      words: `${is.name} is ${is.protocol} instead of ${was.protocol}`,
    });
  }
  const names = new Set([
    ...Object.keys(was.parameters ?? {}),
    ...Object.keys(is.parameters ?? {}),
  ]);
  for (const name of [...names].sort()) {
    const [a, b] = [was.parameters?.[name], is.parameters?.[name]];
    if (sameDocument(a, b)) continue;
    const words = `${is.name}: ${name} ${shown(a)} → ${shown(b)}`;
    found.push({ step: is.name, kind: "changed", words });
  }
  return found;
}

/** A value as people read it; one that is not set is the default. */
export function shown(value: unknown): string {
  if (value === undefined) return "default";
  if (value === null) return "none";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function linkChanges(
  before: WorkflowDocument,
  after: WorkflowDocument,
  protocols: Protocols,
): Difference[] {
  const old = linksOf(before, protocols);
  const now = linksOf(after, protocols);
  const [oldIds, nowIds] = [new Set(old.map(linkId)), new Set(now.map(linkId))];
  const kept = new Set(after.steps.map((step) => step.name));
  return [
    ...now
      .filter((link) => !oldIds.has(linkId(link)))
      .map((link): Difference => ({
        step: link.to.step,
        kind: "linked",
        words: `${endId(link.from)} feeds ${endId(link.to)}`,
      })),
    ...old
      .filter((link) => !nowIds.has(linkId(link)) && kept.has(link.to.step))
      .map((link): Difference => ({
        step: link.to.step,
        kind: "unlinked",
        words: `${endId(link.from)} feeds ${endId(link.to)} no more`,
      })),
  ];
}
