import { Checkbox, NativeSelect } from "@mantine/core";
import { useState } from "react";
import { address, type Query } from "@/api/client";
import { sessionPath, useApi } from "@/api/queries";
import type { Schemas } from "@/api/types";
import type { BranchRow } from "@/screens/branches/types";
import type { WorkflowAnswer } from "@/screens/workflow/types";
import { Icon, Panel, Shown } from "@/ui";
import styles from "./files.module.css";

type ExportKind = Schemas["ExportKind"];

/** Ways to take the session along; each is made while it is downloaded. */
export function Exports({ id }: { id: string }) {
  const query = useApi<ExportKind[]>(sessionPath(id, "/exports"));
  const branches = useApi<BranchRow[]>(sessionPath(id, "/branches"));
  const workflow = useApi<WorkflowAnswer>(sessionPath(id, "/workflow"));
  return (
    <Panel title="Take it along" note="made while it is downloaded">
      <Shown query={query} what="The exports">
        {(kinds) => (
          <div className={styles.exports}>
            {kinds.map((kind) => (
              <OneExport
                key={kind.name}
                id={id}
                kind={kind}
                branches={(branches.data ?? []).map((one) => one.record.name)}
                steps={(workflow.data?.record.steps ?? [])
                  .filter((one) => one.kind !== "monitor")
                  .map((one) => one.name)}
              />
            ))}
          </div>
        )}
      </Shown>
    </Panel>
  );
}

interface OneProps {
  id: string;
  kind: ExportKind;
  branches: string[];
  steps: string[];
}

function OneExport({ id, kind, branches, steps }: OneProps) {
  const [chosen, setChosen] = useState<Query>({});
  const choose = (name: string, value: string | boolean | null) =>
    setChosen((now) => ({ ...now, [name]: value === "" ? null : value }));
  const choices: Record<string, { label: string; data: { value: string; label: string }[] }> = {
    branch: { label: "Branch", data: [first("the adopted one"), ...branches.map(same)] },
    step: {
      label: "Rows",
      data: [first("exposures"), ...steps.map((s) => ({ value: s, label: `results of ${s}` }))],
    },
    format: { label: "Format", data: [first("CSV"), { value: "json", label: "JSON" }] },
    version: {
      label: "For",
      data: [
        first("RELION 5"),
        { value: "4", label: "RELION 4" },
        { value: "3.1", label: "RELION 3.1" },
      ],
    },
  };
  return (
    <section className={styles.export}>
      <h3>{kind.title}</h3>
      <p className={styles.quiet}>{kind.summary}</p>
      <div className={styles.options}>
        {kind.options.map((option) => {
          const choice = choices[option];
          if (option === "incomplete")
            return (
              <Checkbox
                key={option}
                size="xs"
                label="Also while steps wait to run again"
                onChange={(event) => choose(option, event.currentTarget.checked || null)}
              />
            );
          return (
            choice && (
              <NativeSelect
                key={option}
                size="xs"
                aria-label={`${choice.label} of ${kind.title}`}
                data={choice.data}
                onChange={(event) => choose(option, event.currentTarget.value)}
              />
            )
          );
        })}
      </div>
      <a
        className={styles.download}
        href={address(sessionPath(id, `/exports/${kind.name}`), chosen)}
        download
        aria-label={`Download: ${kind.title}`}
      >
        <Icon name="download" size={14} /> Download
      </a>
    </section>
  );
}

const first = (label: string) => ({ value: "", label });
const same = (name: string) => ({ value: name, label: name });
