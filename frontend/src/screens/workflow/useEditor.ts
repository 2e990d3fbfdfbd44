import { useCallback, useMemo, useState } from "react";
import { differences, type Difference } from "@/workflow/changes";
import { sameDocument } from "@/workflow/editing";
import { begin, changed, redone, undone, type History } from "@/workflow/history";
import type { Protocols, WorkflowDocument } from "@/workflow/model";

/** The workflow that is being edited, and what can be done with it. */
export interface Editor {
  document: WorkflowDocument;
  /** What is otherwise than in the session. */
  changes: Difference[];
  dirty: boolean;
  /** Whether the session's workflow is another now than when the editing began. */
  outdated: boolean;
  /** What undo and redo would take back and do again; null: nothing. */
  undoable: string | null;
  redoable: string | null;
  change: (document: WorkflowDocument, what: string, merge?: boolean) => void;
  undo: () => void;
  redo: () => void;
  /** Begin again from what the session has. */
  restart: () => void;
}

interface State {
  base: WorkflowDocument;
  history: History<WorkflowDocument>;
}

const fresh = (base: WorkflowDocument): State => ({ base, history: begin(base) });

/**
 * Edit a copy of the session's workflow. While nothing is edited the copy follows the session;
 * afterwards it stays what the person made of it, and says when the session went on without it.
 */
export function useEditor(live: WorkflowDocument, protocols: Protocols): Editor {
  const [state, setState] = useState<State>(() => fresh(live));
  const dirty = !sameDocument(state.base, state.history.present.value);
  const outdated = !sameDocument(state.base, live);
  const applied = outdated && sameDocument(state.history.present.value, live);
  // Nothing of a person's is lost by following: there is nothing, or the session has it now.
  if (applied || (outdated && !dirty)) setState(fresh(live));
  const step = useCallback(
    (move: (history: History<WorkflowDocument>) => History<WorkflowDocument>) =>
      setState((now) => ({ ...now, history: move(now.history) })),
    [],
  );
  const change = useCallback(
    (document: WorkflowDocument, what: string, merge = false) =>
      step((history) => changed(history, document, what, merge)),
    [step],
  );
  const document = state.history.present.value;
  const changes = useMemo(
    () => differences(state.base, document, protocols),
    [state.base, document, protocols],
  );
  return {
    document,
    changes,
    dirty,
    outdated: outdated && dirty,
    undoable: state.history.past.length > 0 ? state.history.present.what : null,
    redoable: state.history.future[0]?.what ?? null,
    change,
    undo: () => step(undone),
    redo: () => step(redone),
    restart: () => setState(fresh(live)),
  };
}
