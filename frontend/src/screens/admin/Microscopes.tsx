import { useApi } from "@/api/queries";
import type { Microscope } from "@/api/types";
import { DataTable, Empty, Panel, Shown } from "@/ui";
import { titleOf } from "@/ui/form";
import { withUnit } from "@/units";
import styles from "./admin.module.css";

/** What the settings say of the site's microscopes. */
export function Microscopes() {
  const microscopes = useApi<Microscope[]>("/microscopes");
  return (
    <Panel title="Microscopes" note="say what neither a person nor the metadata say" flush>
      <Shown query={microscopes} what="The microscopes">
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="No microscope in the settings">
              Write <code>[microscopes.NAME]</code> with voltage, spherical_aberration and the like
              into the settings file, and start the server again.
            </Empty>
          ) : (
            <DataTable
              label="Microscopes"
              rows={rows}
              keyOf={(one) => one.name}
              columns={[
                { title: "Name", cell: (one) => <span className={styles.name}>{one.name}</span> },
                {
                  title: "What is known",
                  cell: (one) =>
                    Object.entries(one.preset).map(([name, value]) => (
                      <div key={name}>
                        <span className={styles.quiet}>{titleOf(name)}</span>{" "}
                        {withUnit(
                          Array.isArray(value) ? value.join(", ") : String(value),
                          one.units[name] ?? "",
                        )}
                      </div>
                    )),
                },
              ]}
            />
          )
        }
      </Shown>
    </Panel>
  );
}
