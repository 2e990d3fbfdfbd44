import {
  Button,
  Checkbox,
  Modal,
  NativeSelect,
  NumberInput,
  Textarea,
  TextInput,
} from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, type ApiError } from "@/api/client";
import { sessionPath, useApi } from "@/api/queries";
import { useRequest } from "@/api/requests";
import type { PlannedTrial, Protocol } from "@/api/types";
import type { WorkflowAnswer } from "@/screens/workflow/types";
import { ErrorNote, Loading, Note } from "@/ui";
import { SchemaForm } from "@/ui/form";
import { number } from "@/units";
import { sameDocument } from "@/workflow/editing";
import { branchProblem } from "./naming";
import styles from "./branches.module.css";
import { CostTable } from "./CostTable";

interface TryProps {
  /** Chosen to begin with. */
  step?: string | null;
  /** To try it on; where there are none, they are chosen over the whole range of quality. */
  exposures?: readonly string[];
  id: string;
  onClose: () => void;
  onDone: (name: string) => void;
}

/** Try other parameters of one step on some exposures. */
export function TrySetDialog({
  id,
  step: first,
  exposures: named = [],
  onClose,
  onDone,
}: TryProps) {
  const workflow = useApi<WorkflowAnswer>(sessionPath(id, "/workflow"));
  const protocols = useApi<Protocol[]>("/protocols");
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<string | null>(first ?? null);
  const [values, setValues] = useState<Record<string, Record<string, unknown>>>({});
  const [count, setCount] = useState<number | null>(20);
  const [why, setWhy] = useState("");
  const steps = (workflow.data?.record.steps ?? []).filter(
    (one) => !["monitor", "source"].includes(one.kind),
  );
  const step = steps.find((one) => one.name === chosen) ?? steps[0];
  const schema = protocols.data?.find((one) => one.name === step?.protocol)?.schema;
  const value = step ? (values[step.name] ?? step.changed) : {};
  const changes = step ? changesOf(step.changed, value, step.parameters) : {};
  const asked = Object.keys(changes).length > 0 && step ? { [step.name]: changes } : null;
  const preview = useQuery<PlannedTrial, ApiError>({
    queryKey: ["trial", id, asked, named.length || count],
    enabled: asked !== null,
    queryFn: () =>
      api.post<PlannedTrial>(sessionPath(id, "/branches/preview"), {
        changes: asked,
        exposures: named.length || count,
      }),
  });
  const ask = useRequest(id);
  const send = () =>
    ask.mutate(
      {
        request: {
          verb: "branch",
          name,
          changes: asked,
          exposures: named.length > 0 ? named : (preview.data?.sample ?? null),
          why,
        },
        asGiven: true,
      },
      { onSuccess: () => onDone(name) },
    );
  const wrong = branchProblem(name);
  return (
    <Modal opened onClose={onClose} title="Try other parameters beside what runs" size="xl">
      <div className={styles.fields}>
        <div className={styles.three}>
          <TextInput
            label="Name of the branch"
            value={name}
            error={name !== "" && wrong}
            placeholder="wide-defocus"
            onChange={(event) => setName(event.currentTarget.value)}
            data-autofocus
          />
          <NativeSelect
            label="Step"
            value={step?.name ?? ""}
            onChange={(event) => setChosen(event.currentTarget.value)}
            data={steps.map((one) => one.name)}
          />
          {named.length === 0 && (
            <NumberInput
              label="Exposures"
              min={1}
              value={count ?? ""}
              disabled={count === null}
              onChange={(amount) => setCount(Number(amount) || 1)}
            />
          )}
        </div>
        {named.length > 0 ? (
          <p>On {named.join(", ")} alone.</p>
        ) : (
          <Checkbox
            label="All exposures, also those to come"
            checked={count === null}
            onChange={(event) => setCount(event.currentTarget.checked ? null : 20)}
          />
        )}
        {step && schema ? (
          <SchemaForm
            key={step.name}
            schema={schema}
            value={value}
            onChange={(next) => setValues({ ...values, [step.name]: next })}
          />
        ) : (
          <Loading lines={4} />
        )}
        <Textarea
          label="Reason"
          value={why}
          autosize
          minRows={1}
          onChange={(event) => setWhy(event.currentTarget.value)}
        />
        {asked === null && <Note>Change a parameter to see what it costs to try it.</Note>}
        {asked && preview.error && <ErrorNote error={preview.error} what="This cannot be tried" />}
        {asked && preview.data && !preview.error && (
          <>
            <p className={styles.words}>{preview.data.words}</p>
            <CostTable cost={preview.data.cost} />
          </>
        )}
        {ask.error && <ErrorNote error={ask.error} what="It was refused" />}
        <div className={styles.end}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            loading={ask.isPending}
            disabled={wrong !== "" || !asked || !preview.data || preview.isError}
            onClick={send}
          >
            {preview.data?.sample ? `Try it on ${number(preview.data.sample.length)}` : "Try it"}
          </Button>
        </div>
      </div>
    </Modal>
  );
}

/** New values by parameter; one that takes its default again has what the step has with it. */
export function changesOf(
  before: Record<string, unknown>,
  after: Record<string, unknown>,
  whole: Record<string, unknown>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(after).filter(
      ([name, value]) => !sameDocument(value, name in before ? before[name] : whole[name]),
    ),
  );
}
