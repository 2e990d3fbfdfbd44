import { useEffect } from "react";
import { Button } from "@mantine/core";
import { api } from "@/api/client";
import { sessionPath, useApi, useChange } from "@/api/queries";
import type { BegunTrial, TrialState } from "@/api/types";
import { Empty, ErrorNote, Panel, StateBadge } from "@/ui";
import type { ExposureDetail } from "@/screens/exposures/types";
import type { Draft } from "./draft";
import { useLook } from "./look";
import { TrialResult } from "./TrialResult";
import styles from "./new.module.css";

/** One exposure, processed before anything is started, to see whether the values are right. */
export function Trial({ draft }: { draft: Draft }) {
  const newest = useLook(draft).data?.newest[0];
  const begin = useChange(
    () => api.post<BegunTrial>("/trials", { ...draft.asked, movie: newest?.path ?? null }),
    [],
  );
  const id = begin.data?.id;
  const trial = useApi<TrialState>(
    `/trials/${id ?? ""}`,
    {},
    { enabled: Boolean(id), every: (known) => (known && known.state !== "running" ? false : 1000) },
  );
  const state = id ? trial.data : undefined;
  const { session, exposure } = state ?? {};
  const runs = state?.state === "running";
  const detail = useApi<ExposureDetail>(
    sessionPath(session ?? "", `/exposures/${encodeURIComponent(exposure ?? "")}`),
    {},
    { enabled: Boolean(session && exposure), every: runs ? 1500 : undefined },
  );
  const { refetch } = detail;
  useEffect(() => {
    // What came at the very end.
    if (session && exposure && !runs) void refetch();
  }, [session, exposure, runs, refetch]);
  return (
    <Panel
      title="Test exposure"
      note={newest?.name}
      tools={
        <Button
          size="compact-xs"
          variant="default"
          disabled={!newest}
          loading={begin.isPending}
          onClick={() => begin.mutate(undefined)}
        >
          {id ? "Try again" : "Try one"}
        </Button>
      }
    >
      {begin.error && <ErrorNote error={begin.error} what="It was not tried" />}
      {trial.error && <ErrorNote error={trial.error} what="Nothing is known of the trial" />}
      {!id && !begin.error && (
        <Empty title="Try one before it starts">
          Wrong pixel sizes and gains are seen at once in one micrograph and its spectrum.
        </Empty>
      )}
      {state && (
        <div className={styles.trialState}>
          <StateBadge state={state.state} /> {state.words}
        </div>
      )}
      {detail.data && session && exposure && (
        <TrialResult session={session} exposure={detail.data} />
      )}
    </Panel>
  );
}
