import { Button, Group, TextInput } from "@mantine/core";
import { useState } from "react";
import { Note } from "./Notes";

/** Something that is shown once and never again: it can be copied. */
export function Secret({ label, value }: { label: string; value: string }) {
  const [copied, setCopied] = useState<boolean | null>(null);
  const copy = () =>
    navigator.clipboard.writeText(value).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  return (
    <Note tone="warning" title="Copy it now: it is not shown again.">
      <Group gap="xs" align="end" mt={6} wrap="nowrap">
        <TextInput
          label={label}
          value={value}
          readOnly
          onFocus={(event) => event.currentTarget.select()}
          flex={1}
          error={copied === false && "This browser does not let a page copy; select it and copy."}
        />
        <Button variant="default" onClick={() => void copy()}>
          {copied ? "Copied" : "Copy"}
        </Button>
      </Group>
    </Note>
  );
}
