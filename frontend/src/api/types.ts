/** What the server says, by the names of its records; written from its OpenAPI document. */
import type { WorkflowDocument } from "@/workflow/model";
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
export type BegunPlace = Schemas["BegunPlace"];
export type CheckedFacility = Schemas["CheckedFacility"];
export type FacilityMicroscope = Schemas["FacilityMicroscope"];
export type NewMovies = Schemas["NewMovies"];
export type OfferedBooking = Schemas["OfferedBooking"];
export type PlacedSession = Schemas["PlacedSession"];
export type PlacedSessionPage = Schemas["PlacedSessionPage"];
export type ShownBooking = Schemas["ShownBooking"];
export type ShownDuty = Schemas["ShownDuty"];
export type ShownOffer = Schemas["ShownOffer"];
export type ShownProject = Schemas["ShownProject"];
export type EventRecord = Schemas["EventRecord"];
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
export type RequestRecord = Schemas["RequestRecord"];
export type Role = Schemas["Role"];
export type RootFolder = Schemas["RootFolder"];
export type SaidValue = Schemas["SaidValue"];
export type SessionSummary = Schemas["SessionSummary"];
export type ShareLink = Schemas["ShareLink"];
export type Suggestion = Schemas["Suggestion"];
export type TrialState = Schemas["TrialState"];
export type WorkflowSummary = Schemas["WorkflowSummary"];
export type Protocol = Schemas["ProtocolDocument"];

/** A workflow to begin with; what workflows are like is open in the document, and closed here. */
export type WorkflowTemplate = Omit<Schemas["WorkflowTemplate"], "workflow"> & {
  workflow: WorkflowDocument;
};

// The messages of the socket have no place in the document.

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
  exposures?: Record<string, number>;
  /** The newest exposure that needs nothing more. */
  newest?: { number: number; name: string } | null;
}
