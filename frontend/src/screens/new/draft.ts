import { useState } from "react";
import { useApi } from "@/api/queries";
import type { WorkflowTemplate } from "@/api/types";

/** Parameters that a person set, by step. */
export type Parameters = Record<string, Record<string, unknown>>;

export interface Draft {
  pattern: string;
  watch: boolean;
  workflow: string;
  parameters: Parameters;
  /** What the workflow leaves open, as a person filled it in. */
  fill: Record<string, string>;
  /** Steps that hold another program's place are left out. */
  without: boolean;
  folder: string;
  /** Parameters of the step that takes the movies, as a person set them. */
  given: Record<string, unknown>;
  /** What the server is asked to look at, try or start. */
  asked: {
    pattern: string;
    workflow: string;
    parameters: Parameters;
    fill: Record<string, string>;
    without_placeholders: boolean;
  };
}

const KEPT = "icestream-new-session";
const EMPTY = {
  pattern: "",
  watch: true,
  workflow: "default",
  parameters: {},
  fill: {},
  without: false,
  folder: "",
};
export type Kept = typeof EMPTY & { parameters: Parameters; fill: Record<string, string> };

function kept(): Kept {
  try {
    return { ...EMPTY, ...(JSON.parse(sessionStorage.getItem(KEPT) ?? "{}") as Partial<Kept>) };
  } catch {
    return EMPTY;
  }
}

/** What is being filled in; a reload of the page does not lose it. */
export function useDraft(): [Draft, (change: Partial<Kept>) => void] {
  const [own, setOwn] = useState<Kept>(kept);
  const template = useTemplate(own.workflow).data;
  const source = template?.source ?? "import";
  const change = (changes: Partial<Kept>) =>
    setOwn((before) => {
      const after = { ...before, ...changes };
      try {
        sessionStorage.setItem(KEPT, JSON.stringify(after));
      } catch {
        // a browser that keeps nothing
      }
      return after;
    });
  const given = own.parameters[source] ?? {};
  // What was set of a step that is left out now is kept, and comes back with it.
  const there = stepsOf(template, own.without).map(({ name }) => name);
  const set = Object.entries(own.parameters).filter(([step]) => !template || there.includes(step));
  const parameters = {
    ...Object.fromEntries(set),
    [source]: { ...given, watch: own.watch },
  };
  const fill = Object.fromEntries(Object.entries(own.fill).filter(([, value]) => value.trim()));
  const asked = {
    pattern: own.pattern.trim(),
    workflow: own.workflow,
    parameters,
    fill,
    without_placeholders: own.without,
  };
  return [{ ...own, asked, given }, change];
}

/** Steps of a workflow that a session would run as it is asked for now. */
export function stepsOf(template: WorkflowTemplate | undefined, without: boolean) {
  const gone = without
    ? (template?.without?.steps ?? [])
    : (template?.placeholders ?? []).map((one) => one.step);
  return (template?.workflow.steps ?? []).filter((step) => !gone.includes(step.name));
}

/** A workflow to begin with. */
export function useTemplate(name: string) {
  return useApi<WorkflowTemplate>(`/workflows/${encodeURIComponent(name)}`);
}
