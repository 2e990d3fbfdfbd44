import { Button } from "@mantine/core";
import { useApi } from "@/api/queries";
import type { Microscope } from "@/api/types";
import { EntriesPanel, type Ask } from "@/site/EntriesPanel";
import { DataTable, Empty } from "@/ui";
import { titleOf } from "@/ui/form";
import { withUnit } from "@/units";
import styles from "./admin.module.css";
import { MicroscopeForm, RemoveMicroscope } from "./MicroscopeForm";

/** What the settings say of the site's microscopes. */
export function Microscopes() {
  return (
    <EntriesPanel
      title="Microscopes"
      note="say what neither a person nor the metadata say"
      flush
      called="microscope"
      query={useApi<readonly Microscope[]>("/microscopes")}
      empty={
        <Empty title="No microscope in the settings">
          What is said of one here need not be given with each session.
        </Empty>
      }
      list={(rows, ask) => (
        <DataTable
          label="Microscopes"
          rows={rows}
          keyOf={(one) => one.name}
          columns={[
            { title: "Name", cell: (one) => <span className={styles.name}>{one.name}</span> },
            { title: "What is known", cell: (one) => <Known microscope={one} /> },
            ...(ask
              ? [{ title: "", cell: (one: Microscope) => <Tools name={one.name} ask={ask} /> }]
              : []),
          ]}
        />
      )}
      form={(name, ends) => <MicroscopeForm name={name} {...ends} />}
      remove={(name, ends) => <RemoveMicroscope name={name} {...ends} />}
    />
  );
}

function Known({ microscope: { preset, units } }: { microscope: Microscope }) {
  return Object.entries(preset).map(([name, value]) => (
    <div key={name}>
      <span className={styles.quiet}>{titleOf(name)}</span>{" "}
      {withUnit(Array.isArray(value) ? value.join(", ") : String(value), units[name] ?? "")}
    </div>
  ));
}

function Tools({ name, ask }: { name: string; ask: Ask }) {
  return (
    <>
      <Button
        size="compact-xs"
        variant="subtle"
        aria-label={`Change ${name}`}
        onClick={() => ask("change", name)}
      >
        Change
      </Button>
      <Button
        size="compact-xs"
        variant="subtle"
        color="red"
        aria-label={`Remove ${name}`}
        onClick={() => ask("remove", name)}
      >
        Remove
      </Button>
    </>
  );
}
