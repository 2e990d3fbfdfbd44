import { Select, Switch, TextInput } from "@mantine/core";
import { useApi } from "@/api/queries";
import type { FacilityMicroscope, WorkflowSummary } from "@/api/types";
import { Blanks } from "@/screens/new/Blanks";
import type { Chosen } from "./asked";
import styles from "./begin.module.css";

interface ProcessingProps {
  microscope: FacilityMicroscope;
  chosen: Chosen;
  set: (change: Partial<Chosen>) => void;
}

/** What nobody has to answer: how it is processed, and what is said of the sample. */
export function Processing({ microscope, chosen, set }: ProcessingProps) {
  const rows = useApi<WorkflowSummary[]>("/workflows").data ?? [];
  const usable = rows.filter((one) => one.movies && one.problem === null);
  const workflow = chosen.workflow ?? microscope.workflow;
  const data = usable.map((one) => ({ value: one.name, label: one.title || one.name }));
  // A file that the facility file names is in no list.
  if (!data.some((one) => one.value === microscope.workflow))
    data.unshift({ value: microscope.workflow, label: microscope.workflow });
  return (
    <>
      <div className={styles.pair}>
        <Select
          label="Workflow"
          description={usable.find((one) => one.name === workflow)?.summary}
          data={data}
          value={workflow}
          onChange={(name) =>
            set({ workflow: name === microscope.workflow ? null : name, fill: {} })
          }
          allowDeselect={false}
        />
        <TextInput
          label="Sample"
          description="If you like."
          value={chosen.sample}
          onChange={(event) => set({ sample: event.currentTarget.value })}
        />
      </div>
      <Blanks
        draft={{ workflow, fill: chosen.fill, without: false }}
        onChange={(fill) => set({ fill })}
      />
      <Switch
        label="Confidential"
        description="Only the people of its project see it; a confidential project's sessions all are."
        checked={chosen.confidential}
        onChange={(event) => set({ confidential: event.currentTarget.checked })}
      />
    </>
  );
}
