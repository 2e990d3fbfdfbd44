import { Button, Group } from "@mantine/core";
import type { ReactNode } from "react";

interface ButtonsProps {
  close: () => void;
  verb: string;
  busy: boolean;
  disabled?: boolean;
  /** More, at the left. */
  children?: ReactNode;
}

/** The end of a dialog that changes something. */
export function Buttons({ close, verb, busy, disabled, children }: ButtonsProps) {
  return (
    <Group justify="space-between" mt="md" gap="xs">
      <Group gap="xs">{children}</Group>
      <Group gap="xs">
        <Button variant="default" onClick={close}>
          Cancel
        </Button>
        <Button type="submit" loading={busy} disabled={disabled}>
          {verb}
        </Button>
      </Group>
    </Group>
  );
}
