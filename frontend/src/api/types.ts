/** What the server says, by the names of its records; written from its OpenAPI document. */
import type { components } from "./schema";

/** Every record of the document, by its name. */
export type Schemas = components["schemas"];

export type Account = Schemas["Account"];
export type AllSettings = Schemas["AllSettings"];
export type ApiToken = Schemas["ApiToken"];
export type AuditEntry = Schemas["AuditEntry"];
export type BegunSession = Schemas["BegunSession"];
export type ChangeCost = Schemas["ChangeCost"];
export type BegunTrial = Schemas["BegunTrial"];
export type Finding = Schemas["Finding"];
export type BrowsedFolder = Schemas["BrowsedFolder"];
export type FoundFolder = Schemas["FoundFolder"];
export type LogLine = Schemas["LogLine"];
export type LoginMethod = Schemas["LoginMethod"];
export type Me = Schemas["Me"];
export type Microscope = Schemas["Microscope"];
export type OpenLogin = Schemas["OpenLogin"];
export type Plugin = Schemas["Plugin"];
export type PlannedTrial = Schemas["PlannedTrial"];
export type Problem = Schemas["Problem"];
export type Role = Schemas["Role"];
export type RootFolder = Schemas["RootFolder"];
export type SaidValue = Schemas["SaidValue"];
export type SessionSummary = Schemas["SessionSummary"];
export type ShareLink = Schemas["ShareLink"];
export type TrialState = Schemas["TrialState"];
export type WorkflowSummary = Schemas["WorkflowSummary"];
/** What became of something that was asked. */
export type Asked = Schemas["RequestRecord"] & { token: string };
export type Protocol = Schemas["ProtocolDocument"] & { schema: Record<string, unknown> };

export interface WorkflowStep {
  name: string;
  protocol: string;
  parameters?: Record<string, unknown>;
  inputs?: Record<string, unknown>;
}

/** A workflow to begin with. */
export type WorkflowTemplate = Schemas["WorkflowTemplate"] & {
  workflow: { name: string; steps: WorkflowStep[] };
};

// What the socket says has no place in the document.

export interface EventRecord {
  seq: number;
  time: number;
  kind: string;
  step: string;
  exposure: string;
  subject: string;
  document: Record<string, unknown>;
}

/** How far a step has come, as the socket says it. */
export interface StepProgress {
  name: string;
  state: string;
  reason: string;
  waiting: number;
  counts: Record<string, number>;
}

/** What the socket says of a topic. */
export interface Told {
  topic: string;
  seq?: number;
  /** Too much was missed: load anew. */
  reset?: boolean;
  /** The topic cannot be read now; it is tried again. */
  error?: string;
  /** What happened; of the topic `sessions`, the summaries that changed. */
  events?: unknown[];
  /** Of a session, where they changed. */
  steps?: StepProgress[];
  exposures?: Record<string, number>;
  /** The newest exposure that needs nothing more. */
  newest?: { number: number; name: string } | null;
}
