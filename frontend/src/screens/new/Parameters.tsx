import { useQueries } from "@tanstack/react-query";
import { api } from "@/api/client";
import type { Protocol, SaidValue } from "@/api/types";
import { Loading, Shown, ToneMark } from "@/ui";
import { SchemaForm } from "@/ui/form";
import { withUnit } from "@/units";
import { isOpen } from "@/workflow/model";
import { stepsOf, useTemplate, type Draft, type Parameters as Given } from "./draft";
import { useLook } from "./look";
import styles from "./new.module.css";

const SOURCE = ["pixel_size", "voltage", "dose_per_frame", "spherical_aberration"].concat(
  "amplitude_contrast",
  "microscope",
  "gain",
);
/** What the metadata may leave open, and what decides most of what comes out, by protocol. */
const FIRST: Readonly<Record<string, readonly string[]>> = {
  "movies.import": SOURCE,
  "micrographs.import": SOURCE,
  "exposures.select": ["resolution_max"],
  "picks.auto": ["diameter"],
  "picks.log": ["diameter"],
  "picks.template": ["templates", "diameter"],
  "volume.initial": ["symmetry"],
};
/** Given elsewhere on this screen. */
const ELSEWHERE = ["pattern", "watch", "presets"];

interface ParametersProps {
  draft: Draft;
  onChange: (parameters: Given) => void;
}

/** The parameters of the workflow: those that matter first, then every step's own. */
export function Parameters({ draft, onChange }: ParametersProps) {
  const workflow = useTemplate(draft.workflow);
  const steps = stepsOf(workflow.data, draft.without);
  const source = workflow.data?.source;
  const protocols = useQueries({
    queries: steps.map((step) => ({
      queryKey: [`/protocols/${step.protocol}`, {}],
      queryFn: () => api.get<Protocol>(`/protocols/${encodeURIComponent(step.protocol)}`),
      staleTime: Infinity,
    })),
  });
  const said = useLook(draft).data?.values ?? [];
  // What was found stands in the fields, until a person says otherwise.
  const found = Object.fromEntries(
    said.filter((one) => one.value !== null).map((one) => [one.name, one.value]),
  );
  const set = (step: string, values: Record<string, unknown>) => {
    const { [step]: _, ...others } = draft.parameters;
    onChange(Object.keys(values).length > 0 ? { ...others, [step]: values } : others);
  };
  const form = (index: number, first: boolean) => {
    const step = steps[index];
    const protocol = protocols[index]?.data;
    if (!step || !protocol) return null;
    const names = Object.keys((protocol.schema.properties as object | undefined) ?? {}).filter(
      (name) => !(step.name === source && ELSEWHERE.includes(name)),
    );
    const only = names.filter((name) => (FIRST[step.protocol] ?? []).includes(name) === first);
    if (only.length === 0) return null;
    const changed = only.filter((name) => name in (draft.parameters[step.name] ?? {})).length;
    const inner = (
      <SchemaForm
        schema={withOwnDefaults(protocol.schema, {
          ...decided(step.parameters),
          ...(step.name === source && found),
        })}
        value={draft.parameters[step.name] ?? {}}
        onChange={(values) => set(step.name, values)}
        only={only}
        note={
          step.name === source
            ? (name) => <Said value={said.find((one) => one.name === name)} />
            : undefined
        }
      />
    );
    return first ? (
      <section key={step.name} className={styles.step}>
        <h3>{protocol.title}</h3>
        {inner}
      </section>
    ) : (
      <details key={step.name} className={styles.more}>
        <summary>
          {protocol.title}
          <span className={styles.quiet}>
            {step.name}
            {changed > 0 && `, ${changed} changed`}
          </span>
        </summary>
        {inner}
      </details>
    );
  };
  return (
    <Shown query={workflow} what="The workflow" loading={<Loading lines={6} height={30} />}>
      {() =>
        protocols.some((one) => one.isLoading) ? (
          <Loading lines={6} height={30} />
        ) : (
          <>
            {steps.map((_, index) => form(index, true))}
            <details className={styles.all}>
              <summary>Advanced: every step and parameter</summary>
              {steps.map((_, index) => form(index, false))}
            </details>
          </>
        )
      }
    </Shown>
  );
}

/** Parameters that a workflow says itself; others are left open, and filled in above. */
const decided = (parameters: Record<string, unknown> | undefined) =>
  Object.fromEntries(Object.entries(parameters ?? {}).filter(([, value]) => !isOpen(value)));

/** The schema with what the workflow sets in the place of the protocol's defaults. */
function withOwnDefaults(
  schema: Record<string, unknown>,
  own: Record<string, unknown>,
): Record<string, unknown> {
  const properties = (schema.properties ?? {}) as Record<string, object>;
  const changed = Object.entries(properties).map(([name, node]) =>
    name in own ? [name, { ...node, default: own[name] }] : [name, node],
  );
  return { ...schema, properties: Object.fromEntries(changed) as object };
}

const words = (value: SaidValue["value"], unit: string) =>
  withUnit(String(typeof value === "number" ? Number(value.toPrecision(5)) : value), unit);

/** Who says what of a value: its origin, what others say, and what is odd about it. */
function Said({ value }: { value: SaidValue | undefined }) {
  if (!value) return null;
  const missing = value.value === null;
  const tone = value.conflict ? "bad" : missing || value.assumed ? "warning" : "good";
  return (
    <div className={styles.said} data-tone={tone}>
      <ToneMark tone={tone} />
      <div>
        {missing ? (
          "Nobody says it: give it."
        ) : (
          <>
            <strong>{words(value.value, value.unit)}</strong> {value.source}
          </>
        )}
        {value.others.map((other) => (
          <div key={other.source} className={styles.other}>
            {words(other.value, value.unit)} {other.source}
          </div>
        ))}
        {value.conflict && <div className={styles.conflict}>{value.conflict}</div>}
      </div>
    </div>
  );
}
