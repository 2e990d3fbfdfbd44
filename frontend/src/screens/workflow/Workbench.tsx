import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { api, type ApiError } from "@/api/client";
import { sessionPath } from "@/api/queries";
import type { Protocol } from "@/api/types";
import { UndoDialog } from "@/screens/branches/UndoDialog";
import { ErrorNote, Note, Panel, useKeys } from "@/ui";
import { addStep, connect, disconnect, removeSteps } from "@/workflow/editing";
import { linkId, linksOf, type End } from "@/workflow/model";
import { fits, inputOf, outputOf } from "@/workflow/typing";
import { ApplyDialog, TryDialog } from "./ChangeDialogs";
import { download, readWorkflowFile, workflowText } from "./files";
import { GraphView } from "./GraphView";
import { Palette, type Loose } from "./Palette";
import { SaidNote, type Said } from "./SaidNote";
import { SaveDialog } from "./SaveDialog";
import { StepEditor } from "./StepEditor";
import { StepList } from "./StepList";
import { Toolbar } from "./Toolbar";
import type { Checked, WorkflowAnswer } from "./types";
import { useEditor, type Editor } from "./useEditor";
import styles from "./workflow.module.css";

interface WorkbenchProps {
  id: string;
  answer: WorkflowAnswer;
  protocols: ReadonlyMap<string, Protocol>;
  branch: string | null;
  editable: boolean;
}

type Dialog = "apply" | "try" | "undo" | "save" | null;

const NONE: never[] = [];

/** The graph, the list of steps and the step that is chosen, and what can be done with them. */
export function Workbench(props: WorkbenchProps) {
  const { id, answer, protocols, editable } = props;
  const editor = useEditor(answer.document, protocols);
  const [selected, setSelected] = useState<string | null>(null);
  const [link, setLink] = useState<string | null>(null);
  const [dialog, setDialog] = useState<Dialog>(null);
  const [palette, setPalette] = useState<{ loose: Loose | null } | null>(null);
  const [said, setSaid] = useState<Said | null>(null);
  const records = useMemo(
    () => new Map(answer.record.steps.map((one) => [one.name, one])),
    [answer.record.steps],
  );
  const checked = useCheck(id, editor);
  const problems = editor.dirty ? (checked.data?.problems ?? NONE) : NONE;
  const { document, change } = editor;
  const step = document.steps.find((one) => one.name === selected);
  const select = (name: string | null) => {
    setSelected(name);
    setLink(null);
  };
  const remove = (names: string[]) => {
    change(removeSteps(document, new Set(names)), `remove ${names.join(", ")}`);
    if (selected && names.includes(selected)) setSelected(null);
  };
  const loosen = (end: End, side: "source" | "target") => {
    const at = document.steps.find((one) => one.name === end.step);
    const find = side === "source" ? outputOf : inputOf;
    setPalette({ loose: { end, side, port: at && find(at, end.port, protocols) } });
  };
  const choose = (protocol: Protocol) => {
    const loose = palette?.loose ?? null;
    setPalette(null);
    const from = loose?.side === "source" ? loose.end : undefined;
    const made = addStep(document, protocol, protocols, from);
    let grown = made.document;
    if (loose?.side === "target") {
      const { port: wanted } = loose;
      const port = wanted && protocol.outputs.find((one) => fits(wanted, protocol, one));
      if (port)
        grown = connect(
          grown,
          { from: { step: made.name, port: port.name }, to: loose.end },
          protocols,
        );
    }
    change(grown, `add ${made.name}`);
    setSelected(made.name);
  };
  const takeFile = async (file: File) => {
    try {
      const { workflow, report } = await readWorkflowFile(await file.text());
      change(workflow, `import ${file.name}`);
      setSaid({ text: `${file.name} is imported, and not applied yet.`, report });
    } catch (error) {
      setSaid({ text: `${file.name} is not imported`, error });
    }
  };
  useWorkflowKeys(editor, editable, () => setPalette({ loose: null }));
  return (
    <>
      <Toolbar
        editor={editor}
        editable={editable}
        problems={editor.dirty ? checked.data?.problems.length : 0}
        onAdd={() => setPalette({ loose: null })}
        onApply={() => setDialog("apply")}
        onTry={() => setDialog("try")}
        onUndoApplied={() => setDialog("undo")}
        onSave={() => setDialog("save")}
        onExport={() => download(`${document.name}.json`, workflowText(document))}
        onImport={(file) => void takeFile(file)}
      />
      {said && <SaidNote said={said} />}
      {editor.outdated && (
        <Note tone="warning" title="The session's workflow was changed since you began">
          Applying yours would take that back. Discard to begin again from what runs now.
        </Note>
      )}
      {checked.error && <ErrorNote error={checked.error} what="The workflow cannot be checked" />}
      <div className={styles.screen}>
        <GraphView
          document={document}
          protocols={protocols}
          records={records}
          changes={editor.changes}
          problems={problems}
          selected={selected}
          selectedLink={link}
          editable={editable}
          onSelect={select}
          onSelectLink={setLink}
          onConnect={(one) => change(connect(document, one, protocols), `connect ${one.to.step}`)}
          onDisconnect={(one) =>
            change(disconnect(document, one, protocols), `disconnect ${one.to.step}`)
          }
          onRemove={remove}
          onLoose={loosen}
        />
        <div className={styles.side}>
          <Panel title="Steps" note={link ? linkWords(editor, protocols, link) : undefined} flush>
            <StepList
              document={document}
              records={records}
              changes={editor.changes}
              problems={problems}
              selected={selected}
              onSelect={select}
              onRemove={editable ? (name) => remove([name]) : undefined}
            />
          </Panel>
          <Findings
            checked={editor.dirty ? checked.data : undefined}
            editor={editor}
            onSelect={select}
          />
          {step && (
            <Panel>
              <StepEditor
                editor={editor}
                step={step}
                protocols={protocols}
                record={records.get(step.name)}
                problems={problems}
                editable={editable}
                onSelect={select}
                onAfter={(port) => loosen({ step: step.name, port }, "source")}
              />
            </Panel>
          )}
        </div>
      </div>
      <Palette
        opened={palette !== null}
        loose={palette?.loose ?? null}
        protocols={protocols}
        onChoose={choose}
        onClose={() => setPalette(null)}
      />
      <Dialogs
        {...props}
        dialog={dialog}
        editor={editor}
        onClose={() => setDialog(null)}
        onSaid={(text) => setSaid({ text })}
      />
    </>
  );
}

interface DialogsProps extends WorkbenchProps {
  dialog: Dialog;
  editor: Editor;
  onClose: () => void;
  onSaid: (text: string) => void;
}

function Dialogs({ id, branch, dialog, editor, onClose, onSaid }: DialogsProps) {
  const { document } = editor;
  const done = (text: string) => {
    onClose();
    onSaid(text);
  };
  if (dialog === "apply")
    return (
      <ApplyDialog id={id} document={document} branch={branch} onClose={onClose} onDone={done} />
    );
  if (dialog === "try")
    return <TryDialog id={id} document={document} branch={branch} onClose={onClose} />;
  if (dialog === "undo") return <UndoDialog id={id} onClose={onClose} onDone={done} />;
  if (dialog === "save") return <SaveDialog document={document} onClose={onClose} onDone={done} />;
  return null;
}

/** Everything that keeps the workflow from running, a little after the last change. */
function useCheck(id: string, editor: Editor) {
  const [settled] = useDebouncedValue(editor.document, 350);
  return useQuery<Checked, ApiError>({
    queryKey: ["check", id, settled],
    enabled: editor.dirty,
    queryFn: () => api.post<Checked>(sessionPath(id, "/workflow/check"), { workflow: settled }),
  });
}

function useWorkflowKeys(editor: Editor, editable: boolean, onAdd: () => void): void {
  useKeys(
    "Workflow",
    editable
      ? {
          a: { what: "Add a step", do: onAdd },
          u: { what: "Undo the last edit", do: editor.undo },
          U: { what: "Do it again", do: editor.redo },
        }
      : {},
  );
}

function linkWords(editor: Editor, protocols: ReadonlyMap<string, Protocol>, id: string): string {
  const found = linksOf(editor.document, protocols).find((one) => linkId(one) === id);
  return found ? `${found.from.step}.${found.from.port} → ${found.to.step}.${found.to.port}` : "";
}

interface FindingsProps {
  checked: Checked | undefined;
  editor: Editor;
  onSelect: (step: string) => void;
}

/** What was changed, all problems at once, and doubts. */
function Findings({ checked, editor, onSelect }: FindingsProps) {
  if (!editor.dirty) return null;
  const doubts = checked?.doubts ?? [];
  return (
    <Panel title="Changes" note="not applied yet">
      <ul className={styles.changes}>
        {editor.changes.map((one) => (
          <li key={one.words}>{one.words}</li>
        ))}
      </ul>
      {(checked?.problems ?? []).length > 0 && (
        <h3 className={styles.found}>Keeps it from running</h3>
      )}
      <ul className={styles.changes}>
        {(checked?.problems ?? []).map((one) => (
          <li key={one.where + one.what} data-bad>
            {one.where && (
              <button
                type="button"
                className={styles.where}
                onClick={() => onSelect(one.where.split(".")[0] ?? "")}
              >
                {one.where}
              </button>
            )}{" "}
            {one.what}
          </li>
        ))}
      </ul>
      {doubts.length > 0 && <h3 className={styles.found}>Is that what is meant?</h3>}
      <ul className={styles.changes}>
        {doubts.map((one) => (
          <li key={one.where + one.what}>
            {one.where && <code>{one.where}</code>} {one.what}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
