import { Select, TextInput } from "@mantine/core";
import type { WorkflowTemplate } from "@/api/types";
import type { Blank } from "@/workflow/model";
import { stepsOf, useTemplate, type Draft } from "./draft";
import styles from "./new.module.css";

interface BlanksProps {
  draft: Pick<Draft, "workflow" | "fill" | "without">;
  onChange: (fill: Record<string, string>) => void;
}

/** What the workflow leaves open: a field for each. */
export function Blanks({ draft, onChange }: BlanksProps) {
  const template = useTemplate(draft.workflow).data;
  const blanks = template ? asked(template, draft.without) : [];
  if (blanks.length === 0) return null;
  return (
    <section className={styles.step}>
      <h3>What this workflow asks for</h3>
      <div className={styles.blanks}>
        {blanks.map((blank) => (
          <Field
            key={blank.name}
            blank={blank}
            value={draft.fill[blank.name] ?? ""}
            onChange={(value) => onChange({ ...draft.fill, [blank.name]: value })}
          />
        ))}
      </div>
    </section>
  );
}

/** Given elsewhere on this screen. */
const ELSEWHERE = ["pattern", "watch"];

/** Blanks that a parameter holds which is not given elsewhere. */
function asked(template: WorkflowTemplate, without: boolean): Blank[] {
  const values = stepsOf(template, without).flatMap((step) =>
    Object.entries(step.parameters ?? {})
      .filter(([name]) => !(step.name === template.source && ELSEWHERE.includes(name)))
      .map(([, value]) => JSON.stringify(value)),
  );
  const holds = (name: string) => new RegExp(`\\{\\{ *${name} *\\}\\}`);
  return (template.workflow.blanks ?? []).filter(({ name }) =>
    values.some((value) => holds(name).test(value)),
  );
}

interface FieldProps {
  blank: Blank;
  value: string;
  onChange: (value: string) => void;
}

function Field({ blank, value, onChange }: FieldProps) {
  const title = blank.title || blank.name;
  const label = blank.unit ? `${title}, ${blank.unit}` : title;
  const shared = { label, description: unfilled(blank), required: blank.default === undefined };
  if (blank.kind === "yes or no")
    return (
      <Select
        {...shared}
        data={["yes", "no"]}
        value={value || null}
        onChange={(chosen) => onChange(chosen ?? "")}
        clearable
      />
    );
  const numeric = blank.kind === "number" || blank.kind === "whole number";
  return (
    <TextInput
      {...shared}
      value={value}
      inputMode={numeric ? "decimal" : undefined}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

/** What holds where the field stays empty. */
function unfilled(blank: Blank): string {
  const own =
    blank.default === undefined
      ? "It has to be given."
      : blank.default === null
        ? "May stay empty."
        : `Otherwise ${wordOf(blank.default)}.`;
  return blank.metadata ? `The metadata of the movies may say it. ${own}` : own;
}

const wordOf = (value: boolean | number | string) =>
  value === true ? "yes" : value === false ? "no" : String(value);
