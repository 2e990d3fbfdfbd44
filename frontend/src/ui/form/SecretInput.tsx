import { Button, PasswordInput } from "@mantine/core";
import type { Field } from "./model";

interface SecretInputProps {
  id: string;
  field: Field;
  /** Undefined: what is set stays; null: it is taken out. */
  value: unknown;
  /** Says that it is set, and where. */
  kept?: string;
  problem?: string;
  onChange: (value: unknown) => void;
}

/** What is typed and never shown again: that it is set is all that is said. */
export function SecretInput({ id, field, value, kept, problem, onChange }: SecretInputProps) {
  const untouched = value === undefined;
  return (
    <div>
      <PasswordInput
        id={id}
        size="xs"
        autoComplete="new-password"
        value={typeof value === "string" ? value : ""}
        placeholder={kept && (untouched ? kept : "is taken out")}
        error={problem}
        onChange={({ currentTarget: { value: typed } }) => onChange(typed || undefined)}
      />
      {kept && untouched && !field.required && (
        <Button size="compact-xs" variant="subtle" mt={2} onClick={() => onChange(null)}>
          Take it out
        </Button>
      )}
    </div>
  );
}
