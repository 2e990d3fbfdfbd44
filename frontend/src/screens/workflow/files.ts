import { api } from "@/api/client";
import type { WorkflowDocument } from "@/workflow/model";

/** Hand a text over as a file, without the server. */
export function download(name: string, text: string, type = "application/json"): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** The text of a workflow file. */
export const workflowText = (workflow: WorkflowDocument): string =>
  `${JSON.stringify(workflow, null, 2)}\n`;

interface Imported {
  workflow: WorkflowDocument;
  /** Of another program's workflow: what became of each protocol, in lines; the last counts them. */
  report?: readonly string[];
}

/** Read a workflow file; one of another version, or Scipion's, is read by the server. */
export async function readWorkflowFile(text: string): Promise<Imported> {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (error) {
    // Templates of Scipion have text before their list, and fields without quotation marks.
    if (!text.includes('"object.className"'))
      throw new Error(`The file is not JSON: ${error instanceof Error ? error.message : ""}`, {
        cause: error,
      });
  }
  if (isWorkflow(found) && (found.version ?? 2) === 2) return { workflow: found };
  return api.post<Imported>("/workflows/import", { text });
}

function isWorkflow(value: unknown): value is WorkflowDocument {
  const steps =
    value !== null && typeof value === "object" && (value as Partial<WorkflowDocument>).steps;
  return (
    Array.isArray(steps) &&
    steps.every((step) => typeof step?.name === "string" && typeof step?.protocol === "string")
  );
}
