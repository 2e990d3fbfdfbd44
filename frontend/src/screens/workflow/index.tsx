import { useMemo } from "react";
import { useFreshSession } from "@/api/live";
import { sessionPath, useApi, useMay } from "@/api/queries";
import type { Protocol } from "@/api/types";
import { ErrorNote, Loading, Page } from "@/ui";
import { useSession } from "../measured/useSession";
import type { WorkflowAnswer } from "./types";
import { Workbench } from "./Workbench";

/** The workflow of a session: as it runs, and as it may be changed. */
export default function WorkflowScreen() {
  const { id, branch: named } = useSession();
  const branch = named || null;
  const workflow = useApi<WorkflowAnswer>(sessionPath(id, "/workflow"), { branch });
  const protocols = useApi<Protocol[]>("/protocols");
  useFreshSession(id, ["/workflow", "/branches"]);
  const editable = useMay("operator");
  const known = useMemo(
    () => new Map((protocols.data ?? []).map((one) => [one.name, one])),
    [protocols.data],
  );
  const error = workflow.error ?? protocols.error;
  return (
    <Page title="Workflow" quiet>
      {workflow.data && protocols.data ? (
        <Workbench
          key={`${id} ${branch ?? ""}`}
          id={id}
          answer={workflow.data}
          protocols={known}
          branch={branch}
          editable={editable}
        />
      ) : error ? (
        <ErrorNote error={error} what="The workflow cannot be shown" />
      ) : (
        <Loading lines={8} />
      )}
    </Page>
  );
}
