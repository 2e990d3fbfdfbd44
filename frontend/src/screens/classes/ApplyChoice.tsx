import { useQuery } from "@tanstack/react-query";
import { api, type ApiError } from "@/api/client";
import { sessionPath } from "@/api/queries";
import { useRequest } from "@/api/requests";
import type { ChangeCost } from "@/api/types";
import { CostTable } from "@/screens/branches/CostTable";
import { ErrorNote, Loading, ReasonDialog } from "@/ui";
import { plural } from "@/units";
import type { Choice } from "./choosing";
import styles from "./classes.module.css";

interface ApplyProps {
  id: string;
  branch: string;
  /** The step that chooses. */
  step: string;
  changes: Partial<Choice>;
  gained: number[];
  lost: number[];
  onClose: () => void;
  onDone: (words: string) => void;
}

/** Ask for another choice of classes: what it changes downstream, and why. */
export function ApplyChoice({
  id,
  branch,
  step,
  changes,
  gained,
  lost,
  onClose,
  onDone,
}: ApplyProps) {
  const ask = useRequest(id);
  const preview = useQuery<ChangeCost, ApiError>({
    queryKey: ["preview", id, branch, step, changes],
    queryFn: () =>
      api.post<ChangeCost>(
        sessionPath(id, "/workflow/preview"),
        { changes: { [step]: changes } },
        { branch },
      ),
  });
  return (
    <ReasonDialog
      opened
      onClose={onClose}
      title="Choose these classes"
      size="lg"
      verb="Choose them"
      busy={ask.isPending}
      error={ask.error}
      onConfirm={(why) =>
        ask.mutate(
          {
            request: { verb: "set", step, changes, why, ...(branch && { branch }) },
            asGiven: true,
          },
          { onSuccess: (answer) => onDone(answer.answer || "the choice is taken") },
        )
      }
    >
      <p className={styles.words}>
        {gained.length > 0 &&
          `${plural(gained.length, "class", "classes")} more: ${gained.join(", ")}. `}
        {lost.length > 0 &&
          `${plural(lost.length, "class", "classes")} left out: ${lost.join(", ")}.`}
      </p>
      {preview.error ? (
        <ErrorNote error={preview.error} what="What it changes cannot be told" />
      ) : preview.data ? (
        <CostTable cost={preview.data} />
      ) : (
        <Loading lines={3} />
      )}
    </ReasonDialog>
  );
}
