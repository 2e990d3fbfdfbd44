import { Button, Modal, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, type ApiError } from "@/api/client";
import { ErrorNote } from "@/ui";
import type { WorkflowDocument } from "@/workflow/model";
import styles from "./workflow.module.css";

interface SaveProps {
  document: WorkflowDocument;
  onClose: () => void;
  onDone: (words: string) => void;
}

const NAME = /^[a-z0-9][a-z0-9_-]{0,60}$/;

/** Keep a workflow as a template that new sessions can begin with. */
export function SaveDialog({ document, onClose, onDone }: SaveProps) {
  const [name, setName] = useState(document.name === "default" ? "" : document.name);
  const [about, setAbout] = useState(document.about ?? "");
  const client = useQueryClient();
  const save = useMutation<unknown, ApiError>({
    mutationFn: () =>
      api.put(`/workflows/${encodeURIComponent(name)}`, {
        workflow: { ...document, name, about },
      }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["/workflows"] });
      onDone(`The template ${name} is saved: new sessions can begin with it.`);
    },
  });
  const wrong = name !== "" && !NAME.test(name);
  return (
    <Modal opened onClose={onClose} title="Save as a template">
      <form
        className={styles.fields}
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <TextInput
          label="Name"
          value={name}
          error={wrong && "small letters, digits, '-' and '_'"}
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
          required
        />
        <TextInput
          label="What it is for"
          description="One sentence for people who choose a workflow"
          value={about}
          onChange={(event) => setAbout(event.currentTarget.value)}
        />
        {save.error && <ErrorNote error={save.error} what="The template was not saved" />}
        <div className={styles.end}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending} disabled={!name || wrong}>
            Save
          </Button>
        </div>
      </form>
    </Modal>
  );
}
