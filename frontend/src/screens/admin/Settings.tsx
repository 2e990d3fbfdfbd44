import { useApi } from "@/api/queries";
import type { AllSettings } from "@/api/types";
import { DataTable, Panel, Shown } from "@/ui";
import { withUnit } from "@/units";
import styles from "./admin.module.css";

function Value({ value, unit }: { value: unknown; unit: string }) {
  if (value === null || value === undefined) return "–";
  if (typeof value !== "object") return withUnit(String(value), unit);
  const names = Object.keys(value);
  if (names.length === 0) return "none";
  return (
    <details>
      <summary>{names.join(", ")}</summary>
      <pre className={styles.trace}>{JSON.stringify(value, null, 2)}</pre>
    </details>
  );
}

/** Every setting of the machine: what it is, and who says so. */
export function Settings() {
  const settings = useApi<AllSettings>("/settings");
  return (
    <Shown query={settings} what="The settings">
      {(all) => (
        <Panel
          title="Settings"
          note="the first that says something wins: environment, then these files, then the default"
          flush
        >
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
                  <div
                    className={
                      one.origin === "default" ? styles.value : `${styles.value} ${styles.changed}`
                    }
                  >
                    <Value value={one.value} unit={one.unit} />
                  </div>
                ),
              },
              { title: "From", cell: (one) => <span className={styles.value}>{one.origin}</span> },
            ]}
          />
          <p className={styles.broken}>
            <span className={styles.quiet}>
              Files looked for:{" "}
              {all.files
                .map((file) => `${file.path} (${file.there ? "found" : "not there"})`)
                .join(", ")}
              . They are read when the server starts.
            </span>
          </p>
        </Panel>
      )}
    </Shown>
  );
}
