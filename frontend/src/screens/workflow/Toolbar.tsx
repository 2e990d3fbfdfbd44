import { ActionIcon, Button, Menu, Tooltip } from "@mantine/core";
import { useRef, type ReactNode } from "react";
import { Icon } from "@/ui";
import { plural } from "@/units";
import type { Editor } from "./useEditor";
import styles from "./workflow.module.css";

interface ToolbarProps {
  editor: Editor;
  editable: boolean;
  /** undefined: not known yet. */
  problems: number | undefined;
  onAdd: () => void;
  onApply: () => void;
  onTry: () => void;
  onUndoApplied: () => void;
  onSave: () => void;
  onExport: () => void;
  onImport: (file: File) => void;
}

/** What can be done with the workflow as a whole. */
export function Toolbar(props: ToolbarProps) {
  const { editor, editable, problems } = props;
  const file = useRef<HTMLInputElement>(null);
  const ready = editor.dirty && problems === 0 && editable;
  return (
    <div className={styles.toolbar} role="toolbar" aria-label="Workflow">
      {editable && (
        <>
          <Step label="Undo" what={editor.undoable} onClick={editor.undo}>
            ↶
          </Step>
          <Step label="Redo" what={editor.redoable} onClick={editor.redo}>
            ↷
          </Step>
          <Button
            size="xs"
            variant="default"
            leftSection={<Icon name="plus" size={13} />}
            onClick={props.onAdd}
          >
            Add a step
          </Button>
        </>
      )}
      <span className={styles.spring} />
      <span className={styles.state} role="status">
        {stateWords(editor, problems)}
      </span>
      {editable && (
        <>
          {editor.dirty && (
            <Button size="xs" variant="subtle" onClick={editor.restart}>
              Discard
            </Button>
          )}
          <Button size="xs" variant="default" disabled={!ready} onClick={props.onTry}>
            Try on some…
          </Button>
          <Button size="xs" disabled={!ready} onClick={props.onApply}>
            Apply…
          </Button>
        </>
      )}
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon variant="default" size={30} aria-label="More">
            <Icon name="more" />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {editable && (
            <Menu.Item onClick={props.onUndoApplied}>Take back the last applied change…</Menu.Item>
          )}
          {editable && <Menu.Item onClick={props.onSave}>Save as a template…</Menu.Item>}
          {editable && (
            <Menu.Item onClick={() => file.current?.click()}>Import a workflow file…</Menu.Item>
          )}
          <Menu.Item onClick={props.onExport}>Export as a file</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <input
        ref={file}
        type="file"
        accept=".json,application/json"
        hidden
        aria-label="Workflow file"
        onChange={(event) => {
          const [chosen] = event.currentTarget.files ?? [];
          if (chosen) props.onImport(chosen);
          event.currentTarget.value = "";
        }}
      />
    </div>
  );
}

interface StepProps {
  label: string;
  what: string | null;
  onClick: () => void;
  children: ReactNode;
}

function Step({ label, what, onClick, children }: StepProps) {
  return (
    <Tooltip label={what ? `${label}: ${what}` : `Nothing to ${label.toLowerCase()}`}>
      <ActionIcon
        variant="default"
        size={30}
        aria-label={what ? `${label}: ${what}` : label}
        disabled={what === null}
        onClick={onClick}
      >
        {children}
      </ActionIcon>
    </Tooltip>
  );
}

function stateWords(editor: Editor, problems: number | undefined): string {
  if (!editor.dirty) return "As the session runs it";
  const changes = plural(editor.changes.length, "change");
  if (problems === undefined) return changes;
  return problems > 0 ? `${changes}, ${plural(problems, "problem")}` : `${changes}, can run`;
}
