import { Button, Group, Modal, Text, Textarea } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { ErrorNote } from "./Notes";

interface AskProps {
  opened: boolean;
  onClose: () => void;
  title: string;
  /** On the button, as what will happen: "Stop the session". */
  verb: string;
  danger?: boolean;
  /** What follows from it. */
  children?: ReactNode;
  busy?: boolean;
  error?: unknown;
}

/** Ask once more before something that is not taken back easily. */
export function Confirm(props: AskProps & { onConfirm: () => void }) {
  return (
    <Modal opened={props.opened} onClose={props.onClose} title={props.title}>
      {props.children && <Text size="sm">{props.children}</Text>}
      {props.error ? <ErrorNote error={props.error} /> : null}
      <Group justify="flex-end" mt="md" gap="xs">
        <Button variant="default" onClick={props.onClose}>
          Cancel
        </Button>
        <Button
          color={props.danger ? "red.9" : undefined}
          loading={props.busy}
          onClick={props.onConfirm}
          data-autofocus
        >
          {props.verb}
        </Button>
      </Group>
    </Modal>
  );
}

interface ReasonProps extends AskProps {
  onConfirm: (why: string) => void;
  size?: "md" | "lg";
  /** What is asked for cannot be done, or not yet. */
  unable?: boolean;
  /** Whether it may not be left empty. */
  needed?: boolean;
  /** Reasons that are given often. */
  usual?: readonly string[];
}

/** Ask for the reason, which is kept with what is done. */
export function ReasonDialog(props: ReasonProps) {
  return (
    <Modal opened={props.opened} onClose={props.onClose} title={props.title} size={props.size}>
      {props.opened && <ReasonForm {...props} />}
    </Modal>
  );
}

function ReasonForm(props: ReasonProps) {
  const [why, setWhy] = useState("");
  const unable = props.unable || (props.needed && !why.trim());
  const send = () => {
    if (!unable) props.onConfirm(why.trim());
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {props.children && (
        <Text component="div" size="sm" mb="xs">
          {props.children}
        </Text>
      )}
      <Textarea
        label="Reason"
        description="Kept with the decision, for whoever asks later."
        value={why}
        onChange={(event) => setWhy(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
        }}
        required={props.needed}
        autosize
        minRows={2}
        data-autofocus
      />
      {props.usual && (
        <Group gap={6} mt={6}>
          {props.usual.map((one) => (
            <Button key={one} size="compact-xs" variant="default" onClick={() => setWhy(one)}>
              {one}
            </Button>
          ))}
        </Group>
      )}
      {props.error ? <ErrorNote error={props.error} /> : null}
      <Group justify="flex-end" mt="md" gap="xs">
        <Button variant="default" onClick={props.onClose}>
          Cancel
        </Button>
        <Button
          type="submit"
          color={props.danger ? "red.9" : undefined}
          loading={props.busy}
          disabled={unable}
        >
          {props.verb}
        </Button>
      </Group>
    </form>
  );
}
