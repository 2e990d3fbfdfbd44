import { Button } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { api, type ApiError } from "@/api/client";
import { sessionPath, useApi, useMay } from "@/api/queries";
import { useRequest } from "@/api/requests";
import { Empty, Panel, ReasonDialog } from "@/ui";
import type { WorkflowAnswer } from "../workflow/types";
import type { Quality } from "../measured/types";
import { LimitSlider, type HistogramAnswer } from "./LimitSlider";
import { PreviewWords } from "./PreviewWords";
import type { Turned } from "./preview";
import styles from "./screen.module.css";
import { askedNow, changesFor, selectionOf, type Asked, type SelectionStep } from "./selection";

interface Props {
  session: string;
  branch: string;
  qualities: readonly Quality[];
  onFilter: (quality: string, asked: Asked) => void;
}

const PATIENCE = 250;

/** Limits of the selection as sliders; what would change is said before it is applied. */
export function LimitsPanel({ session, branch, qualities, onFilter }: Props) {
  const workflow = useApi<WorkflowAnswer>(sessionPath(session, "/workflow"), {
    branch,
  });
  const step = workflow.data ? selectionOf(workflow.data.record.steps) : undefined;
  if (workflow.data && !step) {
    return (
      <Panel title="Limits">
        <Empty title="No selection in this workflow">
          A step exposures.select refuses exposures by limits; add one to the workflow to set them
          here.
        </Empty>
      </Panel>
    );
  }
  if (!step) return null;
  const key = JSON.stringify(step.parameters);
  return (
    <Sliders
      key={key}
      step={step}
      session={session}
      branch={branch}
      qualities={qualities}
      onFilter={onFilter}
    />
  );
}

function Sliders({ step, session, branch, qualities, onFilter }: Props & { step: SelectionStep }) {
  const [asked, setAsked] = useState<Readonly<Record<string, Asked>>>({});
  const [applying, setApplying] = useState(false);
  const ask = useRequest(session);
  const may = useMay("operator");
  const names = qualities.map(({ name }) => name).join(",");
  const histograms = useApi<HistogramAnswer[]>(
    sessionPath(session, "/histograms"),
    { names, branch },
    { enabled: names !== "" },
  );
  const changes = useMemo(
    () => changesFor(step, asked, (name) => qualities.find((one) => one.name === name)?.unit ?? ""),
    [step, asked, qualities],
  );
  const touched = Object.keys(changes).length > 0;
  const [settled] = useDebouncedValue(changes, PATIENCE);
  const path = sessionPath(session, "/limits/preview");
  const workOut = (what: typeof changes) => () =>
    api.post<Turned>(path, { step: step.name, changes: what }, { branch });
  // The first answer takes the server seconds, the others not: asked for before a handle is moved.
  const first = useQuery<Turned, ApiError>({
    queryKey: [path, step.name, "first", branch],
    queryFn: workOut({}),
    staleTime: Infinity,
  });
  const preview = useQuery<Turned, ApiError>({
    queryKey: [path, step.name, settled, branch],
    queryFn: workOut(settled),
    enabled: touched && settled === changes,
  });
  return (
    <Panel title="Limits" note={`of step ${step.name}; drag, and see what would change`}>
      <div className={styles.sliders}>
        {qualities.map((quality) => (
          <LimitSlider
            key={quality.name}
            quality={quality}
            histogram={histograms.data?.find(({ name }) => name === quality.name)}
            asked={asked[quality.name] ?? askedNow(step, quality.name)}
            now={askedNow(step, quality.name)}
            waits={histograms.isLoading}
            onAsked={(value) => setAsked({ ...asked, [quality.name]: value })}
            onFilter={(value) => onFilter(quality.name, value)}
          />
        ))}
      </div>
      <div className={styles.outcome} aria-live="polite">
        {touched ? (
          <PreviewWords preview={preview} session={session} branch={branch} qualities={qualities} />
        ) : (
          <p className={styles.quiet}>
            {first.isFetching
              ? "Reading what the selection has judged; handles can be moved meanwhile."
              : "Move a handle: what would be gained and lost is worked out before anything is changed."}
          </p>
        )}
        {touched && (
          <div className={styles.buttons}>
            <Button size="compact-sm" disabled={!may} onClick={() => setApplying(true)}>
              Apply these limits
            </Button>
            <Button size="compact-sm" variant="default" onClick={() => setAsked({})}>
              Back to the limits of now
            </Button>
          </div>
        )}
      </div>
      <ReasonDialog
        opened={applying}
        onClose={() => setApplying(false)}
        title="Apply these limits"
        verb="Apply"
        busy={ask.isPending}
        error={ask.error}
        onConfirm={(why) =>
          ask.mutate(
            { request: { verb: "set", step: step.name, changes, why, ...(branch && { branch }) } },
            { onSuccess: () => setApplying(false) },
          )
        }
      >
        <code>{commandOf(step.name, changes)}</code>
      </ReasonDialog>
    </Panel>
  );
}

/** What would be typed: "select defocus_max=3". */
function commandOf(step: string, changes: Readonly<Record<string, unknown>>): string {
  const value = (one: unknown): string => {
    if (one === null) return "none";
    return Array.isArray(one) ? `"${one.join("; ")}"` : String(one);
  };
  return `set ${step} ${Object.entries(changes)
    .map(([name, one]) => `${name}=${value(one)}`)
    .join(" ")}`;
}
