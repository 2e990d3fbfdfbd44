import { ActionIcon, NativeSelect, Switch, Textarea, TextInput, Tooltip } from "@mantine/core";
import { useId, useState } from "react";
import { Icon } from "@/ui/Icon";
import { Term } from "@/ui/Term";
import { Choices, wordOf, type InputProps } from "./Choices";
import { doubt, entered, refusal, typedOf } from "./entering";
import styles from "./form.module.css";
import { valueOf, type Field, type Values } from "./model";
import { SecretInput } from "./SecretInput";

interface RowProps {
  field: Field;
  values: Values;
  /** Of a secret that is set, and stays when nothing is given: what says so. */
  kept?: string;
  problem?: string;
  disabled?: boolean;
  /** Undefined: the default again. */
  onChange: (value: unknown) => void;
}

/** One parameter: its name with its help, its value with its unit, and the way to its default. */
export function FieldRow({ field, values, kept, problem, disabled, onChange }: RowProps) {
  const id = useId();
  const value = valueOf(field, values);
  const set = field.name in values;
  const back = kept ? "Keep what is set" : takeDefault(field);
  return (
    <div className={styles.row} data-set={set || undefined}>
      <label htmlFor={id} className={styles.label}>
        <Term means={field.help}>{field.title}</Term>
      </label>
      {field.kind === "secret" ? (
        <SecretInput
          id={id}
          field={field}
          value={values[field.name]}
          kept={kept}
          problem={problem}
          onChange={onChange}
        />
      ) : (
        <Input
          id={id}
          field={field}
          value={value}
          problem={problem}
          disabled={disabled}
          onChange={onChange}
        />
      )}
      {set && !disabled && !field.required ? (
        <Tooltip label={back}>
          <ActionIcon
            size="sm"
            variant="subtle"
            color="gray"
            aria-label={`Default of ${field.title}`}
            onClick={() => onChange(undefined)}
          >
            <Icon name="cross" size={12} />
          </ActionIcon>
        </Tooltip>
      ) : (
        <span />
      )}
    </div>
  );
}

const takeDefault = (field: Field) =>
  `Take the default: ${typedOf(field, field.fallback) || "none"}`;

function Input(props: InputProps) {
  const { id, field, value, problem, disabled, onChange } = props;
  if (field.kind === "boolean")
    return (
      <Switch
        id={id}
        size="sm"
        checked={value === true}
        disabled={disabled}
        error={problem}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    );
  if (field.kind === "choice")
    return (
      <NativeSelect
        id={id}
        size="xs"
        value={value === null ? "" : String(value)}
        disabled={disabled}
        error={problem}
        data={[
          ...(field.nullable ? [{ value: "", label: "none" }] : []),
          ...field.choices.map((choice) => ({ value: String(choice), label: wordOf(choice) })),
        ]}
        onChange={({ currentTarget: { value: chosen } }) =>
          onChange(field.choices.find((choice) => String(choice) === chosen) ?? null)
        }
      />
    );
  if (field.kind === "choices") return <Choices {...props} />;
  return <Typed {...props} />;
}

/** A value that is typed: the text stays as it is while it is no value yet. */
function Typed({ id, field, value, problem, disabled, onChange }: InputProps) {
  const written = typedOf(field, value);
  const [typed, setTyped] = useState({ text: written, of: written });
  // Another value from outside, such as by undo, replaces what was typed.
  if (typed.of !== written) setTyped({ text: written, of: written });
  const found = entered(field, typed.text);
  const wrong = "problem" in found ? found.problem : refusal(field, found.value);
  const type = (text: string) => {
    const read = entered(field, text);
    if ("problem" in read) {
      setTyped({ text, of: written });
      return;
    }
    setTyped({ text, of: typedOf(field, read.value) });
    onChange(read.value);
  };
  const unusual = "value" in found ? doubt(field, found.value) : "";
  const shared = {
    id,
    size: "xs" as const,
    value: typed.text,
    disabled,
    error: wrong || problem,
    description: !wrong && !problem && unusual ? unusual : undefined,
    inputWrapperOrder: ["input", "error", "description"] as ("input" | "error" | "description")[],
    placeholder: field.nullable ? "none" : undefined,
    spellCheck: false,
  };
  if (field.kind === "json")
    return (
      <Textarea
        {...shared}
        autosize
        minRows={1}
        maxRows={8}
        onChange={(e) => type(e.currentTarget.value)}
      />
    );
  return (
    <TextInput
      {...shared}
      inputMode={field.kind === "number" || field.kind === "integer" ? "decimal" : undefined}
      rightSection={field.unit ? <span className={styles.unit}>{field.unit}</span> : undefined}
      rightSectionWidth={field.unit.length > 3 ? 56 : 34}
      onChange={(event) => type(event.currentTarget.value)}
    />
  );
}
