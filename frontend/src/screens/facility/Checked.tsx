import { useApi } from "@/api/queries";
import type { CheckedFacility } from "@/api/types";
import { Panel, Shown, StateBadge, ToneMark } from "@/ui";
import styles from "./facility.module.css";

/** What is wrong with the facility file, and with what it names. */
export function Checked() {
  const checked = useApi<CheckedFacility>("/facility/check", {}, { every: 300_000 });
  return (
    <Panel title="Facility file" note={checked.data?.path}>
      <Shown query={checked} what="The facility file">
        {({ flaws }) =>
          flaws.length === 0 ? (
            <StateBadge state="good" tone="good" label="Nothing is wrong with it" />
          ) : (
            <ul className={styles.flaws}>
              {flaws.map((flaw) => (
                <li key={`${flaw.where} ${flaw.what}`}>
                  <ToneMark tone={flaw.stops ? "bad" : "warning"} />
                  <span>
                    {flaw.where && <code>{flaw.where}</code>} {flaw.what}
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
    </Panel>
  );
}
