import { Button, Checkbox, Modal, NumberInput, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { useNavigate } from "react-router";
import { api, type ApiError } from "@/api/client";
import { sessionPath } from "@/api/queries";
import { useRequest } from "@/api/requests";
import type { ChangeCost, PlannedTrial } from "@/api/types";
import { branchProblem } from "@/screens/branches/naming";
import { CostTable } from "@/screens/branches/CostTable";
import { ErrorNote, Loading, Note } from "@/ui";
import { number } from "@/units";
import type { WorkflowDocument } from "@/workflow/model";
import styles from "./workflow.module.css";

interface DialogProps {
  id: string;
  document: WorkflowDocument;
  /** The branch that is edited; the adopted one when not given. */
  branch: string | null;
  onClose: () => void;
  onDone: (answer: string) => void;
}

/** What was found about a change before it is asked for; `again` once the questions are answered. */
function Doubts({
  error,
  agreed,
  onAgree,
}: {
  error: ApiError;
  agreed: boolean;
  onAgree: (yes: boolean) => void;
}) {
  const question = error.status === 422 && error.message.startsWith("is that what is meant");
  return (
    <>
      <ErrorNote error={error} what={question ? "Unusual values" : "This was refused"} />
      {question && (
        <Checkbox
          size="xs"
          label="Take these values as they are"
          checked={agreed}
          onChange={(event) => onAgree(event.currentTarget.checked)}
        />
      )}
    </>
  );
}

function Previewed<T>({
  name,
  url,
  body,
  children,
}: {
  name: string;
  url: string;
  body: unknown;
  children: (found: T) => ReactNode;
}) {
  const query = useQuery<T, ApiError>({
    queryKey: ["preview", url, JSON.stringify(body)],
    queryFn: () => api.post<T>(url, body),
  });
  if (query.error) return <ErrorNote error={query.error} what={`${name} cannot be told`} />;
  return query.data ? children(query.data) : <Loading lines={3} />;
}

/** Run an edited workflow on the session: what is otherwise, what that costs, and why. */
export function ApplyDialog({ id, document, branch, onClose, onDone }: DialogProps) {
  const [why, setWhy] = useState("");
  const [agreed, setAgreed] = useState(false);
  const ask = useRequest(id);
  const url =
    sessionPath(id, "/workflow/preview") + (branch ? `?branch=${encodeURIComponent(branch)}` : "");
  const send = () =>
    ask.mutate(
      { request: { verb: "workflow", workflow: document, branch, why }, asGiven: agreed },
      { onSuccess: (answer) => onDone(answer.answer || "the change was asked for") },
    );
  return (
    <Modal opened onClose={onClose} title="Change the workflow of the session" size="lg">
      <div className={styles.fields}>
        <Previewed<ChangeCost> name="The cost" url={url} body={{ workflow: document }}>
          {(cost) => <CostTable cost={cost} />}
        </Previewed>
        <Textarea
          label="Reason"
          description="Kept with the change, for whoever asks later."
          value={why}
          onChange={(event) => setWhy(event.currentTarget.value)}
          autosize
          minRows={2}
          data-autofocus
        />
        {ask.error && <Doubts error={ask.error} agreed={agreed} onAgree={setAgreed} />}
        <div className={styles.end}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button onClick={send} loading={ask.isPending}>
            Change the workflow
          </Button>
        </div>
      </div>
    </Modal>
  );
}

/** Try an edited workflow beside what runs, on some exposures: a branch. */
export function TryDialog({ id, document, branch, onClose }: Omit<DialogProps, "onDone">) {
  const [name, setName] = useState("");
  const [count, setCount] = useState<number | null>(20);
  const [why, setWhy] = useState("");
  const [agreed, setAgreed] = useState(false);
  const navigate = useNavigate();
  const ask = useRequest(id);
  const problem = branchProblem(name);
  const body = { workflow: document, base: branch, exposures: count };
  const send = (trial: PlannedTrial) =>
    ask.mutate(
      {
        request: {
          verb: "branch",
          name,
          workflow: document,
          base: branch,
          exposures: trial.sample,
          why,
        },
        asGiven: agreed,
      },
      {
        onSuccess: () =>
          void navigate(`../branches/${encodeURIComponent(name)}`, { relative: "path" }),
      },
    );
  return (
    <Modal opened onClose={onClose} title="Try it beside what runs" size="lg">
      <div className={styles.fields}>
        <TextInput
          label="Name of the branch"
          value={name}
          error={name && problem}
          placeholder="wide-defocus"
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
        />
        <div className={styles.both}>
          <NumberInput
            label="Exposures"
            description="Chosen over the whole range of quality"
            min={1}
            value={count ?? ""}
            disabled={count === null}
            onChange={(value) => setCount(Number(value) || 1)}
          />
          <Checkbox
            label="All exposures, also those to come"
            checked={count === null}
            onChange={(event) => setCount(event.currentTarget.checked ? null : 20)}
          />
        </div>
        <Textarea
          label="Reason"
          value={why}
          onChange={(event) => setWhy(event.currentTarget.value)}
          autosize
          minRows={1}
        />
        <Previewed<PlannedTrial>
          name="The cost"
          url={sessionPath(id, "/branches/preview")}
          body={body}
        >
          {(trial) => (
            <>
              <Note>{trial.words}</Note>
              <CostTable cost={trial.cost} />
              {ask.error && <Doubts error={ask.error} agreed={agreed} onAgree={setAgreed} />}
              <div className={styles.end}>
                <Button variant="default" onClick={onClose}>
                  Cancel
                </Button>
                <Button
                  onClick={() => send(trial)}
                  loading={ask.isPending}
                  disabled={problem !== ""}
                >
                  {trial.sample ? `Try it on ${number(trial.sample.length)}` : "Try it on all"}
                </Button>
              </div>
            </>
          )}
        </Previewed>
      </div>
    </Modal>
  );
}
