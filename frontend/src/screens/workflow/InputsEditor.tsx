import { MultiSelect, NativeSelect } from "@mantine/core";
import { Term } from "@/ui";
import {
  endId,
  readEnd,
  sourcesOf,
  type Port,
  type Link,
  type Protocols,
  type StepDocument,
  type WorkflowDocument,
} from "@/workflow/model";
import { choicesFor } from "@/workflow/typing";
import styles from "./workflow.module.css";

interface InputsProps {
  step: StepDocument;
  document: WorkflowDocument;
  protocols: Protocols;
  disabled: boolean;
  onConnect: (link: Link) => void;
  onDisconnect: (link: Link) => void;
}

/** What feeds a step: each input with the outputs that fit it. The way to connect without a mouse. */
export function InputsEditor(props: InputsProps) {
  const { step, protocols } = props;
  const protocol = protocols.get(step.protocol);
  const inputs = protocol?.inputs ?? [];
  if (inputs.length === 0) return null;
  return (
    <>
      <h3 className={styles.part}>Inputs</h3>
      <div className={styles.inputs}>
        {inputs.map((port) => (
          <OneInput
            key={port.name}
            {...props}
            port={port}
            several={port.many || protocol?.agrees === true}
          />
        ))}
      </div>
    </>
  );
}

function OneInput(props: InputsProps & { port: Port; several: boolean }) {
  const { step, document, protocols, port, several, disabled, onConnect, onDisconnect } = props;
  const to = { step: step.name, port: port.name };
  const fed = sourcesOf(step, port.name).map((text) => endId(readEnd(text, document, protocols)));
  const choices = choicesFor(to, document, protocols).map((choice) => endId(choice.end));
  const all = [...new Set([...choices, ...fed])];
  const endOf = (text: string) => readEnd(text, document, protocols);
  const label = (
    <Term means={`Takes ${port.type}${port.optional ? "; may be left open" : ""}.`}>
      {port.name}
    </Term>
  );
  const lacking = !port.optional && fed.length === 0;
  const none = choices.length === 0 ? "nothing fits yet" : "not connected";
  return (
    <div className={styles.input}>
      <span className={styles.inputName} id={`input-${step.name}-${port.name}`}>
        {label}
      </span>
      {several ? (
        <MultiSelect
          size="xs"
          aria-labelledby={`input-${step.name}-${port.name}`}
          data={all}
          value={fed}
          disabled={disabled}
          placeholder={fed.length === 0 ? none : undefined}
          error={lacking ? "has to be connected" : undefined}
          onChange={(chosen) => {
            for (const one of chosen) if (!fed.includes(one)) onConnect({ from: endOf(one), to });
            for (const one of fed)
              if (!chosen.includes(one)) onDisconnect({ from: endOf(one), to });
          }}
        />
      ) : (
        <NativeSelect
          size="xs"
          aria-labelledby={`input-${step.name}-${port.name}`}
          data={[{ value: "", label: none }, ...all]}
          value={fed[0] ?? ""}
          disabled={disabled}
          error={lacking ? "has to be connected" : undefined}
          onChange={({ currentTarget: { value } }) => {
            if (value) onConnect({ from: endOf(value), to });
            else if (fed[0]) onDisconnect({ from: endOf(fed[0]), to });
          }}
        />
      )}
    </div>
  );
}
