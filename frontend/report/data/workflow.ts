// The workflow as the report tells it: its steps and which feeds which, without ports.

import type { Protocol } from "@/api/types";
import type { StepRecord } from "@/screens/workflow/types";
import type { WorkflowDocument } from "@/workflow/model";
import type { LiveFile } from "./types";

export interface Told {
  document: WorkflowDocument;
  protocols: ReadonlyMap<string, Protocol>;
  records: ReadonlyMap<string, StepRecord>;
}

const OUT = "results";

const port = (name: string, type: string): Protocol["inputs"][number] => ({
  name,
  type,
  optional: false,
  many: false,
  fits: [],
});

/** A step's title without its name, which it has where several steps have one protocol. */
export const plainTitle = ({ name, title }: { name: string; title: string }): string =>
  title.replace(` (${name})`, "");

/** The graph that the application draws; each step stands for a protocol of its own. */
export function workflowOf({ session, steps, links }: LiveFile): Told {
  const feeding = (name: string): string[] =>
    links.filter(([, into]) => into === name).map(([from]) => from);
  const feeds = new Set(links.map(([from]) => from));
  const protocols = steps.map((step) => {
    const inputs = feeding(step.name).map((from) => port(from, OUT));
    const outputs = feeds.has(step.name) ? [port(OUT, OUT)] : [];
    const { name, kind, reason } = step;
    return { name, title: plainTitle(step), kind, summary: reason, inputs, outputs };
  });
  return {
    document: {
      name: session.workflow,
      steps: steps.map(({ name }) => ({
        name,
        protocol: name,
        inputs: Object.fromEntries(feeding(name).map((from) => [from, `${from}.${OUT}`])),
      })),
    },
    protocols: new Map(protocols.map((one) => [one.name, one as unknown as Protocol])),
    records: new Map(steps.map((step) => [step.name, recordOf(step)])),
  };
}

function recordOf(step: LiveFile["steps"][number]): StepRecord {
  const { done, rejected, failed, ready, running, held, skipped, seconds } = step;
  const ran = done + rejected;
  return {
    name: step.name,
    kind: step.kind,
    state: step.state,
    reason: [step.reason, setWords(step)].filter(Boolean).join("\n"),
    waiting: 0,
    counts: {
      ...{ ready, running, held, failed, skipped, rejected, done: ran },
      reused: 0,
      seconds: (seconds ?? 0) * ran,
    },
  } as unknown as StepRecord;
}

/** What was changed of it last, and by whom. */
export const setWords = ({ set }: LiveFile["steps"][number]): string =>
  set ? `${set.who || "whoever ran it"}: ${set.what}${set.why ? ` (${set.why})` : ""}` : "";
