import { Button } from "@mantine/core";
import { Fragment, useMemo, useState, type ReactNode } from "react";
import { FieldRow } from "./FieldRow";
import styles from "./form.module.css";
import { fieldsOf, isShown, withValue, type JsonSchema, type Values } from "./model";

interface SchemaFormProps {
  /** JSON schema of a protocol's parameters. */
  schema: JsonSchema;
  /** What differs from the defaults. */
  value: Values;
  onChange: (value: Record<string, unknown>, field: string) => void;
  /** Secrets that are set, and stay when nothing is given: what says so of each. */
  kept?: Readonly<Record<string, string>>;
  /** What the server found wrong, by the name of the parameter. */
  problems?: Readonly<Record<string, string>>;
  /** Names of the fields that are shown; all when not given. */
  only?: readonly string[];
  /** What stands below a field, such as who says its value. */
  note?: (name: string) => ReactNode;
  disabled?: boolean;
}

/** A form for the parameters of a protocol; those for the few are shown on demand. */
export function SchemaForm(props: SchemaFormProps) {
  const { schema, value, onChange, kept, problems, only, note, disabled } = props;
  const fields = useMemo(() => fieldsOf(schema), [schema]);
  const [opened, setOpened] = useState(false);
  const shown = fields.filter(
    (field) => isShown(field, fields, value) && (!only || only.includes(field.name)),
  );
  const row = (field: (typeof shown)[number]) => (
    <Fragment key={field.name}>
      <FieldRow
        field={field}
        values={value}
        kept={kept?.[field.name]}
        problem={problems?.[field.name]}
        disabled={disabled}
        onChange={(next) => onChange(withValue(value, field.name, next), field.name)}
      />
      {note && <div className={styles.note}>{note(field.name)}</div>}
    </Fragment>
  );
  // What somebody has set, or what is wrong, is never hidden.
  const apart = shown.filter(
    (field) =>
      !only && field.advanced && !(field.name in value) && !(problems && field.name in problems),
  );
  const usual = shown.filter((field) => !apart.includes(field));
  if (fields.length === 0) return <p className={styles.none}>It has no parameters.</p>;
  return (
    <div className={styles.form}>
      {usual.map(row)}
      {apart.length > 0 && (
        <Button
          size="compact-xs"
          variant="subtle"
          className={styles.more}
          onClick={() => setOpened(!opened)}
          aria-expanded={opened}
        >
          {opened ? "Hide what is advanced" : `Show ${apart.length} advanced`}
        </Button>
      )}
      {opened && apart.map(row)}
    </div>
  );
}
