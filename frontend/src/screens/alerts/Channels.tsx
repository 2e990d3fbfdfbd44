import { ChannelsPanel } from "@/site/ChannelsPanel";
import { Panel, StateBadge } from "@/ui";
import { moment } from "@/units";
import styles from "./alerts.module.css";
import type { Alert } from "./types";

const SHOWN = 20;
/** States of a delivery, as states that have a tone. */
const TONES: Readonly<Record<string, string>> = {
  sent: "done",
  waiting: "waiting",
  "given up": "failed",
  dropped: "idle",
};

/** Where alerts are sent, and what was sent of late. */
export function Channels({ alerts }: { alerts: readonly Alert[] }) {
  const sent = alerts
    .flatMap((alert) => alert.deliveries)
    .sort((one, two) => two.queued - one.queued);
  return (
    <div className={styles.stack}>
      <ChannelsPanel />
      {sent.length > 0 && (
        <Panel title="Sent">
          <ul className={styles.deliveries}>
            {sent.slice(0, SHOWN).map((one) => (
              <li key={`${one.alert} ${one.channel} ${one.queued} ${one.over}`}>
                <StateBadge
                  state={TONES[one.state] ?? one.state}
                  label={`#${one.alert} to ${one.channel}`}
                />{" "}
                <span className={styles.quiet}>
                  {moment(one.ended ?? one.queued)} {one.state}
                  {one.over && ", that it is over"}
                  {one.state !== "sent" && one.answer && `: ${one.answer}`}
                </span>
              </li>
            ))}
          </ul>
        </Panel>
      )}
    </div>
  );
}
