import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { api } from "@/api/client";
import { useChange } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { ErrorNote, Note, Shown } from "@/ui";
import { fieldsOf, SchemaForm } from "@/ui/form";
import { Buttons } from "./Buttons";
import { isShownAt, nameProblem, problemsOf, TOUCHED, useEditing, type Editing } from "./editing";
import styles from "./site.module.css";

type Answer = Schemas["SettingsAnswer"];
type Channel = Schemas["ChannelValues"];
const KINDS: readonly { value: string; label: string }[] = [
  { value: "email", label: "e-mail" },
  { value: "slack", label: "Slack" },
  { value: "mattermost", label: "Mattermost" },
  { value: "teams", label: "Microsoft Teams" },
  { value: "webhook", label: "any server that takes JSON" },
];

interface DialogProps {
  close: () => void;
  done: (answer: Answer) => void;
}

/** Add a channel. */
export function NewChannel(props: DialogProps) {
  const editing = useEditing<unknown>("/channels");
  return (
    <Shown query={editing} what="The form">
      {(start) => <ChannelForm {...props} start={start} channel={null} />}
    </Shown>
  );
}

/** Change a channel that there is. */
export function ChangeChannel({ name, ...props }: DialogProps & { name: string }) {
  const editing = useEditing<Channel>(`/channels/${encodeURIComponent(name)}`);
  return (
    <Shown query={editing} what="The channel">
      {(start) =>
        start.what.locked ? (
          <Note title="It is not changed here">
            <span className={styles.sentence}>{start.what.locked}.</span>
          </Note>
        ) : (
          <ChannelForm {...props} start={start} channel={start.what} />
        )
      }
    </Shown>
  );
}

const KEPT: Readonly<Record<Channel["secrets"][string], string>> = {
  here: "set: stays as it is",
  file: "set, in a file: stays",
  environment: "set, in a variable: stays",
};

const keptWords = (channel: Channel | null): Record<string, string> =>
  Object.fromEntries(
    Object.entries(channel?.secrets ?? {}).map(([name, where]) => [name, KEPT[where]]),
  );

interface FormProps extends DialogProps {
  start: Editing<unknown>;
  channel: Channel | null;
}

function ChannelForm({ start, channel, close, done }: FormProps) {
  const { kind: had, ...others } = channel?.values ?? { kind: "email" };
  const [name, setName] = useState(channel?.name ?? "");
  const [kind, setKind] = useState(String(had));
  const [values, setValues] = useState<Record<string, unknown>>(others);
  const body = { channel: { kind, ...values } };
  const save = useChange((asked: typeof body & { revision: string }) => {
    const path = `/channels/${encodeURIComponent(name)}`;
    return channel
      ? api.put<Answer>(path, asked)
      : api.post<Answer>("/channels", { name, ...asked });
  }, TOUCHED);
  const trial = useChange(
    (asked: typeof body) =>
      api.post<Schemas["TriedChannel"]>("/channels/test", { name: name || "new", ...asked }),
    [],
  );
  const schema = start.forms[kind] ?? {};
  const error = save.error ?? trial.error;
  const fields = fieldsOf(schema).map((field) => field.name);
  const wrongName = name === "" && !save.isError ? "" : nameProblem(name);
  const change = (next: Record<string, unknown>) => {
    setValues(next);
    trial.reset();
    save.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (nameProblem(name)) return;
    save.mutate({ ...body, revision: start.revision }, { onSuccess: done });
  };
  return (
    <form onSubmit={submit} className={styles.form} noValidate>
      {!channel && (
        <TextInput
          label="Name"
          size="xs"
          value={name}
          error={wrongName}
          onChange={(event) => setName(event.currentTarget.value)}
          required
          data-autofocus
          autoComplete="off"
        />
      )}
      <NativeSelect
        label="Kind"
        size="xs"
        data={[...KINDS]}
        value={kind}
        onChange={({ currentTarget: { value } }) => {
          setKind(value);
          // What the other kind has, too, stays.
          const known = fieldsOf(start.forms[value] ?? {}).map((field) => field.name);
          change(
            Object.fromEntries(Object.entries(values).filter(([field]) => known.includes(field))),
          );
        }}
      />
      <SchemaForm
        key={kind}
        schema={schema}
        value={values}
        onChange={change}
        kept={kind === had ? keptWords(channel) : undefined}
        problems={problemsOf(error)}
      />
      {error && !isShownAt(error, fields) && <ErrorNote error={error} what="Nothing was changed" />}
      {trial.data && (
        <div role="status">
          <Note
            tone={trial.data.delivered ? "good" : "bad"}
            title={trial.data.delivered ? "A trial got through" : "A trial did not get through"}
          >
            {trial.data.words}
          </Note>
        </div>
      )}
      <Buttons close={close} verb={channel ? "Save" : "Add"} busy={save.isPending} disabled={!name}>
        <Button variant="default" loading={trial.isPending} onClick={() => trial.mutate(body)}>
          Try it
        </Button>
      </Buttons>
    </form>
  );
}
