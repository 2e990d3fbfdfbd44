import { createContext } from "react";
import type { Protocols, WorkflowDocument } from "@/workflow/model";

/** What ports have to know to tell which others fit. */
export const EditingContext = createContext<{ document: WorkflowDocument; protocols: Protocols }>({
  document: { name: "", steps: [] },
  protocols: new Map(),
});
