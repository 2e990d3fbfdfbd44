import { Checkbox, Group } from "@mantine/core";
import type { Choice, Field } from "./model";

export interface InputProps {
  id: string;
  field: Field;
  value: unknown;
  problem?: string;
  disabled?: boolean;
  onChange: (value: unknown) => void;
}

/** What is chosen, as a person says it. */
export const wordOf = (choice: Choice): string =>
  typeof choice === "boolean" ? (choice ? "yes" : "no") : String(choice);

/** Any of some words. */
export function Choices({ id, field, value, problem, disabled, onChange }: InputProps) {
  const chosen = Array.isArray(value) ? value.map(String) : [];
  return (
    <Checkbox.Group
      id={id}
      aria-label={field.title}
      value={chosen}
      error={problem}
      onChange={(now) => onChange(field.choices.filter((one) => now.includes(String(one))))}
    >
      <Group gap="sm" mt={5}>
        {field.choices.map((one) => (
          <Checkbox
            key={String(one)}
            size="xs"
            value={String(one)}
            label={wordOf(one)}
            disabled={disabled}
          />
        ))}
      </Group>
    </Checkbox.Group>
  );
}
