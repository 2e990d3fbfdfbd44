import { sessionPath, useApi } from "@/api/queries";
import { useRequest } from "@/api/requests";
import type { Schemas } from "@/api/types";
import { Age, Empty, ReasonDialog, Shown } from "@/ui";
import { plural } from "@/units";
import styles from "./branches.module.css";
import { CostTable } from "./CostTable";

interface UndoProps {
  id: string;
  onClose: () => void;
  onDone: (words: string) => void;
}

/** Take back the last change of what is adopted: what comes back, and what runs again. */
export function UndoDialog({ id, onClose, onDone }: UndoProps) {
  const preview = useApi<Schemas["UndoPreview"] | null>(sessionPath(id, "/undo/preview"));
  const ask = useRequest(id);
  const back = Object.entries(preview.data?.back ?? {});
  return (
    <ReasonDialog
      opened
      onClose={onClose}
      title="Take back the last change"
      size="lg"
      verb="Take it back"
      unable={!preview.data}
      busy={ask.isPending}
      error={ask.error}
      onConfirm={(why) =>
        ask.mutate(
          { request: { verb: "undo", why } },
          { onSuccess: (answer) => onDone(answer.answer || "the last change is taken back") },
        )
      }
    >
      <Shown query={preview} what="What would come back">
        {(found) =>
          found === null ? (
            <Empty title="Nothing was changed yet" />
          ) : (
            <>
              <p className={styles.words}>
                The workflow of {found.branch} as it was until <Age time={found.until} />
                {found.who && `, when ${found.who} changed it`}.
                {back.length > 0 &&
                  ` Without running come back: ${back
                    .map(([step, count]) => `${plural(count, "result")} of ${step}`)
                    .join(", ")}.`}
              </p>
              <CostTable cost={found.cost} />
            </>
          )
        }
      </Shown>
    </ReasonDialog>
  );
}
