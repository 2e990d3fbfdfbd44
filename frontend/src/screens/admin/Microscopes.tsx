import { Button, Modal } from "@mantine/core";
import { useState } from "react";
import { useApi, useMay } from "@/api/queries";
import type { Microscope, Schemas } from "@/api/types";
import { Done } from "@/site/Done";
import { DataTable, Empty, Icon, Panel, Shown } from "@/ui";
import { titleOf } from "@/ui/form";
import { withUnit } from "@/units";
import styles from "./admin.module.css";
import { MicroscopeForm, RemoveMicroscope } from "./MicroscopeForm";

type Dialog = { what: "add" } | { what: "change" | "remove"; name: string };

/** What the settings say of the site's microscopes. */
export function Microscopes() {
  const microscopes = useApi<Microscope[]>("/microscopes");
  const admin = useMay("admin");
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const [answer, setAnswer] = useState<Schemas["SettingsAnswer"] | null>(null);
  const close = () => setDialog(null);
  const done = (said: Schemas["SettingsAnswer"]) => {
    setAnswer(said);
    close();
  };
  const named = dialog && "name" in dialog ? dialog.name : null;
  return (
    <Panel
      title="Microscopes"
      note="say what neither a person nor the metadata say"
      flush
      tools={
        admin && (
          <Button
            size="compact-xs"
            variant="default"
            leftSection={<Icon name="plus" size={12} />}
            onClick={() => setDialog({ what: "add" })}
          >
            Add
          </Button>
        )
      }
    >
      <Done answer={answer} />
      <Shown query={microscopes} what="The microscopes">
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="No microscope in the settings">
              What is said of one here need not be given with each session.
            </Empty>
          ) : (
            <DataTable
              label="Microscopes"
              rows={rows}
              keyOf={(one) => one.name}
              columns={[
                { title: "Name", cell: (one) => <span className={styles.name}>{one.name}</span> },
                { title: "What is known", cell: (one) => <Known microscope={one} /> },
                ...(admin
                  ? [
                      {
                        title: "",
                        cell: (one: Microscope) => <Tools name={one.name} onDialog={setDialog} />,
                      },
                    ]
                  : []),
              ]}
            />
          )
        }
      </Shown>
      <Modal
        opened={dialog?.what === "add" || dialog?.what === "change"}
        onClose={close}
        title={named === null ? "Add a microscope" : `Microscope ${named}`}
        size="lg"
      >
        {dialog && dialog.what !== "remove" && (
          <MicroscopeForm name={named} close={close} done={done} />
        )}
      </Modal>
      {dialog?.what === "remove" && (
        <RemoveMicroscope name={dialog.name} close={close} done={done} />
      )}
    </Panel>
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

function Tools({ name, onDialog }: { name: string; onDialog: (dialog: Dialog) => void }) {
  return (
    <>
      <Button
        size="compact-xs"
        variant="subtle"
        aria-label={`Change ${name}`}
        onClick={() => onDialog({ what: "change", name })}
      >
        Change
      </Button>
      <Button
        size="compact-xs"
        variant="subtle"
        color="red"
        aria-label={`Remove ${name}`}
        onClick={() => onDialog({ what: "remove", name })}
      >
        Remove
      </Button>
    </>
  );
}
