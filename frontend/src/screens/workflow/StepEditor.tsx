import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import type { Problem, Protocol } from "@/api/types";
import { Icon, Note, StateBadge } from "@/ui";
import { SchemaForm } from "@/ui/form";
import {
  addStep,
  connect,
  disconnect,
  nameProblem,
  removeSteps,
  renameStep,
  setParameters,
} from "@/workflow/editing";
import type { StepDocument } from "@/workflow/model";
import { Following } from "./Following";
import { InputsEditor } from "./InputsEditor";
import { countWords, paceWords } from "./progress";
import type { StepRecord } from "./types";
import type { Editor } from "./useEditor";
import styles from "./workflow.module.css";

interface EditorProps {
  editor: Editor;
  step: StepDocument;
  protocols: ReadonlyMap<string, Protocol>;
  record: StepRecord | undefined;
  problems: readonly Problem[];
  editable: boolean;
  onSelect: (step: string | null) => void;
  /** Choose a step that takes what this one makes. */
  onAfter: (port: string) => void;
}

/** One step: its name, what feeds it, and its parameters. */
export function StepEditor(props: EditorProps) {
  const { editor, step, protocols, record, problems, editable, onSelect, onAfter } = props;
  const protocol = protocols.get(step.protocol);
  const { document, change } = editor;
  const mine = problems.filter((problem) => problem.where.split(".")[0] === step.name);
  const byField = Object.fromEntries(
    mine.map((problem) => [problem.where.split(".").slice(1).join("."), problem.what]),
  );
  const fields = (protocol?.schema?.properties ?? {}) as object;
  // What is about a parameter stands beside it.
  const others = mine.filter((problem) => !((problem.where.split(".")[1] ?? "") in fields));
  const remove = () => {
    change(removeSteps(document, new Set([step.name])), `remove ${step.name}`);
    onSelect(null);
  };
  return (
    <section className={styles.editor} aria-label={`Step ${step.name}`}>
      <NameField key={`name ${step.name}`} {...props} />
      <p className={styles.about}>
        <strong>{protocol?.title ?? step.protocol}</strong> <code>{step.protocol}</code>
        <br />
        {protocol?.summary ?? "This protocol is not installed here."}
      </p>
      {record && (
        <p className={styles.about}>
          <StateBadge state={record.state} /> {countWords(record)}
          {paceWords(record) && `; ${paceWords(record)}`}; revision {record.revision}
          {record.reason && <span className={styles.reason}>{record.reason}</span>}
        </p>
      )}
      {others.length > 0 && (
        <Note tone="bad">
          {others.map((problem) => (
            <div key={problem.where + problem.what}>{problem.what}</div>
          ))}
        </Note>
      )}
      <InputsEditor
        step={step}
        document={document}
        protocols={protocols}
        disabled={!editable}
        onConnect={(link) => change(connect(document, link, protocols), `connect ${link.to.step}`)}
        onDisconnect={(link) =>
          change(disconnect(document, link, protocols), `disconnect ${link.to.step}`)
        }
      />
      <h3 className={styles.part}>Parameters</h3>
      {protocol?.schema && (
        <SchemaForm
          key={`parameters ${step.name}`}
          schema={protocol.schema}
          value={step.parameters ?? {}}
          problems={byField}
          disabled={!editable}
          onChange={(next, field) =>
            change(setParameters(document, step.name, next), `set ${step.name}.${field}`, true)
          }
        />
      )}
      {editable && (
        <Following
          key={`following ${step.name}`}
          step={step}
          document={document}
          protocols={protocols}
          onAdd={(grown, name) => {
            change(grown, `add ${name}`);
            onSelect(name);
          }}
        />
      )}
      {editable && (
        <div className={styles.actions}>
          {(protocol?.outputs ?? []).map((port) => (
            <Button
              key={port.name}
              size="compact-xs"
              variant="default"
              leftSection={<Icon name="plus" size={12} />}
              onClick={() => onAfter(port.name)}
            >
              Step after {port.name}
            </Button>
          ))}
          <Button
            size="compact-xs"
            variant="default"
            onClick={() => {
              if (!protocol) return;
              const made = addStep(document, protocol, protocols);
              const twin = {
                ...made.document,
                steps: made.document.steps.map((each) =>
                  each.name === made.name ? { ...step, name: made.name } : each,
                ),
              };
              change(twin, `copy ${step.name}`);
              onSelect(made.name);
            }}
          >
            Copy
          </Button>
          <Button size="compact-xs" variant="default" color="red" onClick={remove}>
            Remove
          </Button>
        </div>
      )}
    </section>
  );
}

function NameField({ editor, step, editable, onSelect }: EditorProps) {
  const [name, setName] = useState(step.name);
  const problem = nameProblem(editor.document, step.name, name);
  const take = () => {
    if (problem || name === step.name) {
      setName(step.name);
      return;
    }
    editor.change(renameStep(editor.document, step.name, name), `rename ${step.name}`);
    onSelect(name);
  };
  return (
    <TextInput
      label="Name of the step"
      size="xs"
      value={name}
      disabled={!editable}
      error={problem}
      onChange={(event) => setName(event.currentTarget.value)}
      onBlur={take}
      onKeyDown={(event) => {
        if (event.key === "Enter") take();
        if (event.key === "Escape") setName(step.name);
      }}
    />
  );
}
