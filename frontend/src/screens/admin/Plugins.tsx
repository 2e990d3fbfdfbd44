import { useApi } from "@/api/queries";
import type { Plugin } from "@/api/types";
import { DataTable, Panel, Shown, ToneMark } from "@/ui";
import { number } from "@/units";
import styles from "./admin.module.css";

/** Every protocol that is declared; those that cannot be used say why. */
export function Plugins() {
  const plugins = useApi<Plugin[]>("/plugins");
  return (
    <Shown query={plugins} what="The plugins">
      {(rows) => {
        const broken = rows.filter((one) => one.reason !== null);
        const usable = rows.filter((one) => one.reason === null);
        return (
          <>
            {broken.length > 0 && (
              <Panel title={`Cannot be used: ${number(broken.length)}`} flush>
                {broken.map((one) => (
                  <Broken key={one.name} plugin={one} />
                ))}
              </Panel>
            )}
            <Panel title={`Protocols: ${number(usable.length)}`} flush>
              <DataTable
                label="Protocols"
                rows={usable}
                keyOf={(one) => one.name}
                columns={[
                  { title: "Name", cell: (one) => <code>{one.name}</code> },
                  { title: "Title", cell: (one) => one.title },
                  { title: "Kind", cell: (one) => one.kind },
                  { title: "Version", cell: (one) => number(one.version), right: true },
                  { title: "Of", cell: (one) => one.package },
                ]}
              />
            </Panel>
          </>
        );
      }}
    </Shown>
  );
}

function Broken({ plugin }: { plugin: Plugin }) {
  return (
    <div className={styles.broken}>
      <div>
        <ToneMark tone="bad" /> <span className={styles.name}>{plugin.name}</span>{" "}
        <span className={styles.quiet}>{plugin.package}</span>
      </div>
      <div>{plugin.reason}</div>
      <details>
        <summary className={styles.quiet}>Where it went wrong</summary>
        <pre className={styles.trace}>{plugin.traceback}</pre>
      </details>
    </div>
  );
}
