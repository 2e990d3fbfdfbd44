import { Button } from "@mantine/core";
import { sessionPath, useApi } from "@/api/queries";
import { useRequest } from "@/api/requests";
import type { ChangeCost } from "@/api/types";
import { ReasonDialog, Shown } from "@/ui";
import styles from "./branches.module.css";
import { CostTable } from "./CostTable";
import type { BranchRow } from "./types";

/** What is about to be done with a branch. */
export interface Asked {
  verb: "adopt-branch" | "drop-branch";
  name: string;
}

/** What can be done with a branch that is not the adopted one. */
export function BranchActions({ row, onAsk }: { row: BranchRow; onAsk: (asked: Asked) => void }) {
  const { record } = row;
  if (record.adopted) return null;
  return (
    <div className={styles.tools}>
      <Button
        size="compact-xs"
        variant="default"
        onClick={() => onAsk({ verb: "adopt-branch", name: record.name })}
      >
        Adopt…
      </Button>
      {record.state !== "dropped" && (
        <Button
          size="compact-xs"
          variant="default"
          onClick={() => onAsk({ verb: "drop-branch", name: record.name })}
        >
          Drop…
        </Button>
      )}
    </div>
  );
}

interface AskDialogProps {
  id: string;
  asked: Asked;
  onClose: () => void;
  onDone: (words: string) => void;
}

const WORDS = {
  "adopt-branch": {
    title: "Adopt",
    button: "Adopt for all exposures",
    told: "It becomes what people mean, for all exposures and those to come; what was adopted before rests, and can be adopted again.",
  },
  "drop-branch": {
    title: "Drop",
    button: "Drop it",
    told: "It is processed no more. What it made stays until it is cleaned up, and it can be adopted all the same.",
  },
};

/** Adopt or drop a branch: what that does, and why. */
export function AskDialog({ id, asked, onClose, onDone }: AskDialogProps) {
  const ask = useRequest(id);
  const words = WORDS[asked.verb];
  return (
    <ReasonDialog
      opened
      onClose={onClose}
      title={`${words.title} ${asked.name}`}
      size="lg"
      verb={words.button}
      busy={ask.isPending}
      error={ask.error}
      onConfirm={(why) =>
        ask.mutate(
          { request: { verb: asked.verb, name: asked.name, why } },
          { onSuccess: (answer) => onDone(answer.answer || `${asked.name}: asked for`) },
        )
      }
    >
      <p className={styles.words}>{words.told}</p>
      {asked.verb === "adopt-branch" && <AdoptionCost id={id} name={asked.name} />}
    </ReasonDialog>
  );
}

function AdoptionCost({ id, name }: { id: string; name: string }) {
  const path = `/branches/${encodeURIComponent(name)}/adopt/preview`;
  const query = useApi<ChangeCost>(sessionPath(id, path));
  return (
    <Shown query={query} what="What would run">
      {(cost) => <CostTable cost={cost} />}
    </Shown>
  );
}
