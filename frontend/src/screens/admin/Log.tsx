import { Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { useApi } from "@/api/queries";
import type { LogLine } from "@/api/types";
import { Empty, Panel, Shown, StateBadge } from "@/ui";
import { fullMoment, type Tone } from "@/units";
import styles from "./admin.module.css";

const LEVELS = ["info", "warning", "error", "critical"] as const;
const TONES: Record<string, Tone> = { warning: "warning", error: "bad", critical: "bad" };

/** What the server wrote about itself since it was started; the newest first. */
export function Log() {
  const log = useApi<LogLine[]>("/logs", { lines: 1000 }, { every: 3_000 });
  const [least, setLeast] = useState<string>("info");
  const [search, setSearch] = useState("");
  return (
    <Panel
      title="Log"
      note="of this server, since it was started"
      flush
      tools={
        <div className={styles.filters}>
          <TextInput
            size="xs"
            type="search"
            aria-label="Search the log"
            placeholder="Search"
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
          <Select
            size="xs"
            w={110}
            aria-label="Least important level"
            data={[...LEVELS]}
            value={least}
            onChange={(value) => value && setLeast(value)}
            allowDeselect={false}
          />
        </div>
      }
    >
      <Shown query={log} what="The log">
        {(lines) => {
          const from = LEVELS.findIndex((level) => level === least);
          const shown = lines
            .filter((line) => LEVELS.findIndex((level) => level === line.level) >= from)
            .filter((line) => line.text.toLowerCase().includes(search.toLowerCase()))
            .reverse();
          if (shown.length === 0)
            return (
              <Empty title="Nothing to show">
                {search
                  ? "No line of this level has these words."
                  : `Nothing of level ${least} or above was said since the server started.`}
              </Empty>
            );
          return (
            <div className={styles.log} tabIndex={0} role="region" aria-label="Log">
              {shown.map((line, index) => (
                <div key={`${line.time} ${index}`} className={styles.logLine}>
                  <span className={styles.quiet}>{fullMoment(line.time)}</span>
                  <StateBadge state={line.level} tone={TONES[line.level] ?? "idle"} />
                  <span title={line.logger}>{line.text}</span>
                </div>
              ))}
            </div>
          );
        }}
      </Shown>
    </Panel>
  );
}
