import type { ProtocolInfo, WorkflowDocument } from "@/workflow/model";

/** Tasks of a step, by state. */
export interface Counts {
  ready: number;
  running: number;
  held: number;
  done: number;
  failed: number;
  skipped: number;
  rejected: number;
  reused: number;
  seconds: number;
}

export interface StepRecord {
  name: string;
  protocol: string;
  kind: string;
  state: string;
  reason: string;
  revision: number;
  parameters: Record<string, unknown>;
  changed: Record<string, unknown>;
  counts: Counts;
  waiting: number;
  closed: string;
}

/** The workflow of a branch: as it runs, and as its document. */
export interface WorkflowAnswer {
  record: { name: string; steps: StepRecord[] };
  document: WorkflowDocument;
  titles: Record<string, string>;
}

export interface Protocol extends ProtocolInfo {
  cite?: string[];
  broken?: string | null;
}

export interface Problem {
  where: string;
  what: string;
}

export interface Checked {
  problems: Problem[];
  doubts: (Problem | string)[];
}

export interface Cost {
  steps: { name: string; tasks: number | null; kept: number; seconds: number | null }[];
  seconds: number;
  words?: string[];
}
