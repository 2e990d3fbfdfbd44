import { Button } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { api } from "@/api/client";
import { useChange } from "@/api/queries";
import type { AllSettings, Schemas } from "@/api/types";
import { Buttons } from "@/site/Buttons";
import { holdsWords, isShownAt, problemsOf, TOUCHED, useEditing, type Forms } from "@/site/editing";
import styles from "@/site/site.module.css";
import { ErrorNote, Shown } from "@/ui";
import { SchemaForm } from "@/ui/form";

type Answer = Schemas["SettingsAnswer"];
type Setting = Schemas["Setting"];

interface DialogProps {
  close: () => void;
  done: (answer: Answer) => void;
}

/** Change one setting, or take it out of its file. */
export function SettingForm({ name, ...props }: DialogProps & { name: string }) {
  const editing = useEditing<AllSettings>("/settings");
  return (
    <Shown query={editing} what="The setting">
      {({ forms, what }) => {
        const setting = what.settings.find((one) => one.name === name);
        return (
          setting && <Form {...props} setting={setting} forms={forms} revision={what.revision} />
        );
      }}
    </Shown>
  );
}

interface FormProps extends DialogProps {
  setting: Setting;
  forms: Forms;
  revision: string;
}

function Form({ setting, forms, revision, close, done }: FormProps) {
  const { name, origin, said } = setting;
  const inFile = said !== null && said !== undefined;
  const [values, setValues] = useState<Record<string, unknown>>(inFile ? { [name]: said } : {});
  const path = `/settings/${encodeURIComponent(name)}`;
  const save = useChange((value: unknown) => api.put<Answer>(path, { value, revision }), TOUCHED);
  const reset = useChange(() => api.delete<Answer>(path, { revision }), TOUCHED);
  const error = save.error ?? reset.error;
  const value = values[name];
  // A wrong part of it, such as one of the tokens, is said at the whole.
  const problems = Object.values(problemsOf(save.error)).join("; ");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (value === undefined || value === null) {
      if (inFile) reset.mutate(undefined, { onSuccess: done });
      else close();
    } else save.mutate(value, { onSuccess: done });
  };
  return (
    <form onSubmit={submit} className={styles.form} noValidate>
      <p className={styles.help}>{setting.help}</p>
      <SchemaForm
        schema={forms.settings ?? {}}
        only={[name]}
        value={values}
        onChange={(next) => {
          setValues(next);
          save.reset();
        }}
        problems={problems ? { [name]: problems } : undefined}
        note={() => <span className={styles.quiet}>said by: {origin}</span>}
      />
      <p className={styles.quiet}>
        Written into {setting.file}; {holdsWords(setting.holds)}.
      </p>
      {error && !(problems && isShownAt(error, Object.keys(problemsOf(error)))) && (
        <ErrorNote error={error} what="Nothing was changed" />
      )}
      <Buttons close={close} verb="Save" busy={save.isPending}>
        {inFile && (
          <Button
            variant="default"
            loading={reset.isPending}
            onClick={() => reset.mutate(undefined, { onSuccess: done })}
          >
            Back to the default
          </Button>
        )}
      </Buttons>
    </form>
  );
}
