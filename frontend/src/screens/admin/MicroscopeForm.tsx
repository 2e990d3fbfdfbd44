import { TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { api } from "@/api/client";
import { useApi, useChange } from "@/api/queries";
import type { AllSettings, Microscope, Schemas } from "@/api/types";
import { Buttons } from "@/site/Buttons";
import {
  isShownAt,
  nameProblem,
  problemsOf,
  TOUCHED,
  useEditing,
  type Editing,
} from "@/site/editing";
import styles from "@/site/site.module.css";
import { Confirm, ErrorNote, Shown } from "@/ui";
import { fieldsOf, SchemaForm } from "@/ui/form";

type Answer = Schemas["SettingsAnswer"];

interface DialogProps {
  close: () => void;
  done: (answer: Answer) => void;
}

/** Say what is known of a microscope; of a new one, where no name is given. */
export function MicroscopeForm({ name, ...props }: DialogProps & { name: string | null }) {
  const editing = useEditing<Microscope[]>("/microscopes");
  return (
    <Shown query={editing} what="The form">
      {(start) => (
        <Form
          {...props}
          start={start}
          microscope={start.what.find((one) => one.name === name) ?? null}
        />
      )}
    </Shown>
  );
}

interface FormProps extends DialogProps {
  start: Editing<Microscope[]>;
  microscope: Microscope | null;
}

function Form({ start, microscope, close, done }: FormProps) {
  const [name, setName] = useState(microscope?.name ?? "");
  const [preset, setPreset] = useState<Record<string, unknown>>(microscope?.preset ?? {});
  const save = useChange((revision: string) => {
    const path = `/microscopes/${encodeURIComponent(name)}`;
    return microscope
      ? api.put<Answer>(path, { preset, revision })
      : api.post<Answer>("/microscopes", { name, preset, revision });
  }, TOUCHED);
  const schema = start.forms.microscope ?? {};
  const fields = fieldsOf(schema).map((field) => field.name);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!nameProblem(name)) save.mutate(start.revision, { onSuccess: done });
  };
  return (
    <form onSubmit={submit} className={styles.form} noValidate>
      {!microscope && (
        <TextInput
          label="Name"
          size="xs"
          value={name}
          error={name && nameProblem(name)}
          onChange={(event) => setName(event.currentTarget.value)}
          required
          data-autofocus
          autoComplete="off"
        />
      )}
      <SchemaForm
        schema={schema}
        value={preset}
        onChange={(next) => {
          setPreset(next);
          save.reset();
        }}
        problems={problemsOf(save.error)}
      />
      {save.error && !isShownAt(save.error, fields) && (
        <ErrorNote error={save.error} what="Nothing was changed" />
      )}
      <Buttons
        close={close}
        verb={microscope ? "Save" : "Add"}
        busy={save.isPending}
        disabled={!name}
      />
    </form>
  );
}

/** Say nothing of a microscope any more, after asking. */
export function RemoveMicroscope({ name, close, done }: DialogProps & { name: string }) {
  const settings = useApi<AllSettings>("/settings");
  const remove = useChange(
    (revision: string) =>
      api.delete<Answer>(`/microscopes/${encodeURIComponent(name)}`, { revision }),
    TOUCHED,
  );
  return (
    <Confirm
      opened
      title={`Remove the microscope ${name}`}
      verb="Remove"
      danger
      busy={remove.isPending || !settings.data}
      error={remove.error}
      onClose={close}
      onConfirm={() => settings.data && remove.mutate(settings.data.revision, { onSuccess: done })}
    >
      Sessions that have begun keep what they were told of it; new ones are told nothing.
    </Confirm>
  );
}
