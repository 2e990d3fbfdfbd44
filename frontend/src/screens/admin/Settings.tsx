import { Button, Modal } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import { useApi } from "@/api/queries";
import type { AllSettings, Schemas } from "@/api/types";
import { Done } from "@/site/Done";
import { DataTable, Note, Panel, Shown } from "@/ui";
import { withUnit } from "@/units";
import styles from "./admin.module.css";
import { SettingForm } from "./SettingForm";

function Value({ value, unit }: { value: unknown; unit: string }) {
  if (value === null || value === undefined) return "–";
  if (typeof value !== "object") return withUnit(String(value), unit);
  const parts = Object.entries(value);
  if (parts.length === 0) return "none";
  if (Array.isArray(value)) return value.map(String).join(", ");
  if (parts.every(([, one]) => typeof one === "number"))
    return parts.map(([name, one]) => `${name}=${String(one)}`).join(", ");
  return (
    <details>
      <summary>{parts.map(([name]) => name).join(", ")}</summary>
      <pre className={styles.trace}>{JSON.stringify(value, null, 2)}</pre>
    </details>
  );
}

/** Every setting of the machine: what it is, and who says it. */
export function Settings() {
  const settings = useApi<AllSettings>("/settings");
  const [changing, setChanging] = useState<string | null>(null);
  const [answer, setAnswer] = useState<Schemas["SettingsAnswer"] | null>(null);
  const close = () => setChanging(null);
  return (
    <Shown query={settings} what="The settings">
      {(all) => (
        <Panel
          title="Settings"
          note="the first that says something wins: environment, then these files, then the default"
          flush
        >
          {all.problem && (
            <Note tone="bad" title="The files cannot be read since they were changed">
              {all.problem}. What held before holds on.
            </Note>
          )}
          <Done answer={answer} />
          <DataTable
            label="Settings"
            rows={all.settings}
            keyOf={(one) => one.name}
            columns={[
              {
                title: "Setting",
                cell: (one) => (
                  <>
                    <code>{one.name}</code>
                    <div className={styles.quiet}>{one.help}</div>
                  </>
                ),
              },
              {
                title: "Value",
                cell: (one) => (
                  <>
                    <div
                      className={
                        one.origin === "default"
                          ? styles.value
                          : `${styles.value} ${styles.changed}`
                      }
                    >
                      <Value value={one.said ?? one.value} unit={one.said ? "" : one.unit} />
                    </div>
                    <From setting={one} />
                    <Way setting={one} onChange={() => setChanging(one.name)} />
                  </>
                ),
              },
            ]}
          />
          <p className={styles.foot}>
            <span className={styles.quiet}>
              Files looked for:{" "}
              {all.files
                .map((file) => `${file.path} (${file.there ? "found" : "not there"})`)
                .join(", ")}
              . They are read again when they are changed.
            </span>
          </p>
          <Modal
            opened={changing !== null}
            onClose={close}
            title={changing && <code>{changing}</code>}
            size="lg"
          >
            {changing && (
              <SettingForm
                name={changing}
                close={close}
                done={(said) => {
                  setAnswer(said);
                  close();
                }}
              />
            )}
          </Modal>
        </Panel>
      )}
    </Shown>
  );
}

type Setting = Schemas["Setting"];

function From({ setting: { origin, waits } }: { setting: Setting }) {
  return (
    <div className={styles.quiet}>
      {origin === "default" ? "the default" : `from ${origin}`}
      {waits && "; a file says something else by now, which holds when the server is started again"}
    </div>
  );
}

/** Where each part of a setting that has parts is changed. */
const PARTS: Readonly<Record<string, string>> = {
  microscopes: "/admin/microscopes",
  channels: "/admin/channels",
  roots: "/admin/folders",
};

/** How a setting is changed: here, on another screen, or on the machine alone. */
function Way({ setting: { name, locked }, onChange }: { setting: Setting; onChange: () => void }) {
  const screen = PARTS[name];
  if (locked) return <div className={`${styles.quiet} ${styles.locked}`}>{locked}.</div>;
  if (screen) return <Link to={screen}>Change there</Link>;
  return (
    <Button size="compact-xs" variant="default" aria-label={`Change ${name}`} onClick={onChange}>
      Change
    </Button>
  );
}
