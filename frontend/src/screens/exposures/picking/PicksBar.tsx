import { Button } from "@mantine/core";
import { ReasonDialog } from "@/ui";
import { fullMoment, moment, number, plural } from "@/units";
import styles from "../exposure.module.css";
import type { PickSet } from "../types";
import { counts, isEmpty } from "./edits";
import type { Editing } from "./useEditing";

const USUAL = {
  apply: ["Ice or carbon was picked", "Particles were missed", "Centres were off"],
  undo: ["It was better before"],
} as const;

interface Props {
  editing: Editing;
  picks: PickSet;
  may: boolean;
}

/** What was changed about the picks by hand, and the buttons that begin and end it. */
export function PicksBar({ editing, picks, may }: Props) {
  const { edits, asking } = editing;
  const { added, removed } = counts(
    edits ?? { added: [], removed: new Set(), restored: new Set() },
  );
  const by = picks.by_hand;
  return (
    <div className={styles.looks} role="group" aria-label="Picks by hand">
      {edits === null ? (
        <>
          {may && (
            <Button size="compact-xs" variant="default" onClick={editing.begin}>
              Edit picks
            </Button>
          )}
          {by && <ByHand by={by} />}
          {by && may && (
            <Button size="compact-xs" variant="subtle" onClick={() => editing.ask("undo")}>
              Take it back
            </Button>
          )}
          <span role="status">{editing.answer}</span>
        </>
      ) : (
        <>
          <strong role="status">
            {number(added)} added, {number(removed)} removed
          </strong>
          <Button size="compact-xs" disabled={isEmpty(edits)} onClick={() => editing.ask("apply")}>
            Apply
          </Button>
          <Button size="compact-xs" variant="default" onClick={editing.discard}>
            Discard
          </Button>
          <span className={styles.quiet}>
            Click to add, click a pick to remove it, drag it to move it. Keys: arrows move a cursor,
            Enter adds or removes.
          </span>
        </>
      )}
      <ReasonDialog
        opened={asking !== null}
        onClose={() => editing.ask(null)}
        title={asking === "undo" ? "Take back what was changed" : "Correct these picks"}
        verb={asking === "undo" ? "Take it back" : "Apply"}
        busy={editing.busy}
        error={editing.error}
        usual={USUAL[asking ?? "apply"]}
        onConfirm={editing.send}
      >
        {asking === "undo"
          ? `The picks are again what ${picks.title || picks.step} found. Results of then are used again.`
          : `${plural(added, "pick")} added, ${number(removed)} removed at ${picks.title || picks.step}. What was made from them is made again, for this exposure alone.`}
      </ReasonDialog>
    </div>
  );
}

function ByHand({ by }: { by: NonNullable<PickSet["by_hand"]> }) {
  return (
    <span title={by.why || undefined}>
      Picks corrected{by.who && <> by {by.who}</>}: {number(by.added)} added,{" "}
      {number(by.removed.length)} removed
      {by.time > 0 && (
        <>
          {" "}
          · <time title={fullMoment(by.time)}>{moment(by.time)}</time>
        </>
      )}
    </span>
  );
}
