import { Button } from "@mantine/core";
import { useApi } from "@/api/queries";
import type { Protocol, Suggestion } from "@/api/types";
import { ErrorNote, Icon } from "@/ui";
import { addStep } from "@/workflow/editing";
import { linksOf, type End, type StepDocument, type WorkflowDocument } from "@/workflow/model";
import { fits } from "@/workflow/typing";
import styles from "./workflow.module.css";

interface FollowingProps {
  step: StepDocument;
  document: WorkflowDocument;
  protocols: ReadonlyMap<string, Protocol>;
  /** The workflow with one more step, and the name of that. */
  onAdd: (document: WorkflowDocument, name: string) => void;
}

/** What others have after a step, and how many of them. */
export function Following({ step, document, protocols, onAdd }: FollowingProps) {
  const asked = useApi<Suggestion[]>(
    `/protocols/${encodeURIComponent(step.protocol)}/suggestions`,
    {},
    { enabled: protocols.has(step.protocol) },
  );
  if (asked.error) {
    return <ErrorNote error={asked.error} what="What may follow this step is not known" />;
  }
  if (!asked.data || asked.data.length === 0) return null;
  const there = after(step, document, protocols);
  const left = asked.data.filter((one) => protocols.has(one.protocol) && !there.has(one.protocol));
  return (
    <section aria-label={`What follows ${step.name}`}>
      <h3 className={styles.part}>What follows here?</h3>
      {left.length === 0 && <p className={styles.about}>What usually follows is there already.</p>}
      <ul className={styles.following}>
        {left.map((one) => (
          <li key={one.protocol}>
            <Button
              size="compact-xs"
              variant="default"
              leftSection={<Icon name="plus" size={12} />}
              title={one.summary}
              onClick={() => {
                const protocol = protocols.get(one.protocol);
                if (!protocol) return;
                const from = feeding(step, protocol, protocols);
                const made = addStep(document, protocol, protocols, from);
                onAdd(made.document, made.name);
              }}
            >
              {one.title}
            </Button>{" "}
            <span className={styles.why}>{one.why}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Protocols of the steps that take what a step makes. */
function after(
  step: StepDocument,
  document: WorkflowDocument,
  protocols: ReadonlyMap<string, Protocol>,
): Set<string> {
  const names = new Set(
    linksOf(document, protocols)
      .filter((link) => link.from.step === step.name)
      .map((link) => link.to.step),
  );
  return new Set(document.steps.filter((one) => names.has(one.name)).map((one) => one.protocol));
}

/** The first output of a step that a protocol takes. */
function feeding(
  step: StepDocument,
  protocol: Protocol,
  protocols: ReadonlyMap<string, Protocol>,
): End | undefined {
  const output = protocols
    .get(step.protocol)
    ?.outputs.find((made) => protocol.inputs.some((taken) => fits(made, protocol, taken)));
  return output && { step: step.name, port: output.name };
}
