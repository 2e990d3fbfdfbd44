import { useState } from "react";
import { useFreshSession } from "@/api/live";
import { sessionPath, useApi } from "@/api/queries";
import type { Protocol } from "@/api/types";
import type { WorkflowAnswer } from "@/screens/workflow/types";
import { Empty, Loading, Page, Panel, Shown } from "@/ui";
import { useSession } from "../measured/useSession";
import { Chooser } from "./Chooser";
import type { Choice } from "./choosing";
import { History } from "./History";
import type { ClassesAnswer } from "./types";
import styles from "./classes.module.css";

/** The 2D classes of a session: what they are, how they came to be, and which are taken. */
export default function ClassesScreen() {
  const { id, branch } = useSession();
  const [update, setUpdate] = useState<number | null>(null);
  const query = useApi<ClassesAnswer>(sessionPath(id, "/classes"), { at: update, branch });
  const workflow = useApi<WorkflowAnswer>(sessionPath(id, "/workflow"), { branch });
  const chooser = workflow.data?.record.steps.find((step) => step.name === query.data?.chooser);
  // A revision says what was set when it was made: parameters that are newer have their defaults.
  const protocol = useApi<Protocol>(
    `/protocols/${chooser?.protocol ?? ""}`,
    {},
    { enabled: chooser !== undefined },
  );
  useFreshSession(id, ["/classes", "/workflow"]);
  // Until the rule is known nothing can be said of what it takes.
  const known =
    workflow.isError ||
    (workflow.data !== undefined && (!chooser || protocol.isError || protocol.data !== undefined));
  if (query.error?.status === 404 && !query.data)
    return (
      <Page title="Classes" quiet>
        <Panel>
          <Empty title="There are no 2D classes yet">
            {query.error.advice ?? "The first ones come when enough particles are extracted."}
          </Empty>
        </Panel>
      </Page>
    );
  return (
    <Page title="Classes" quiet>
      <Shown query={query} what="The classes">
        {(answer) => {
          return (
            <div className={styles.stack}>
              <History answer={answer} newest={update === null} onUpdate={setUpdate} />
              {known || !answer.chooser ? (
                <Chooser
                  key={branch}
                  id={id}
                  branch={branch}
                  answer={answer}
                  before={
                    chooser && protocol.data
                      ? choiceOf({ ...protocol.data.defaults, ...chooser.parameters })
                      : null
                  }
                />
              ) : (
                <Loading />
              )}
            </div>
          );
        }}
      </Shown>
    </Page>
  );
}

function choiceOf(parameters: Record<string, unknown>): Choice | null {
  if (typeof parameters.score_min !== "number") return null; // another protocol chooses otherwise
  const amount = (value: unknown) => (typeof value === "number" ? value : null);
  const list = (value: unknown) => (typeof value === "string" ? value : "");
  return {
    score_min: parameters.score_min,
    resolution_max: amount(parameters.resolution_max),
    particles_min: amount(parameters.particles_min),
    include: list(parameters.include),
    exclude: list(parameters.exclude),
  };
}
