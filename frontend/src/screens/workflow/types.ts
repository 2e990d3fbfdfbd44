import type { Schemas } from "@/api/types";
import type { WorkflowDocument } from "@/workflow/model";

/** Tasks of a step, by state. */
export type Counts = Schemas["Counts"];
export type StepRecord = Schemas["StepRecord"];
/** The workflow of a branch: as it runs, and as its document, which is open in the server's. */
export type WorkflowAnswer = Omit<Schemas["SessionWorkflow"], "document"> & {
  document: WorkflowDocument;
};
export type Checked = Schemas["CheckedWorkflow"];
