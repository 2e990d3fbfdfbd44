import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import { sessionPath, useApi } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { ErrorNote, Panel, StateBadge } from "@/ui";
import styles from "./provenance.module.css";

/** Choose the output of which the lineage is shown. */
export function Chooser({ id, onChoose }: { id: string; onChoose: (result: number) => void }) {
  const map = useApi<Schemas["ShownVolume"]>(sessionPath(id, "/volumes"));
  const classes = useApi<Schemas["ShownClasses"]>(sessionPath(id, "/classes"));
  const [typed, setTyped] = useState("");
  const [asked, setAsked] = useState("");
  const exposure = useApi<Schemas["ExposureInFull"]>(
    sessionPath(id, `/exposures/${encodeURIComponent(asked)}`),
    {},
    { enabled: asked !== "" },
  );
  return (
    <Panel title="Of which output">
      <div className={styles.chooser}>
        {map.data && !map.isError && (
          <Button size="xs" variant="default" onClick={() => onChoose(map.data.result)}>
            The newest map
          </Button>
        )}
        {classes.data && !classes.isError && (
          <Button size="xs" variant="default" onClick={() => onChoose(classes.data.result)}>
            The newest classes
          </Button>
        )}
        <form
          className={styles.find}
          onSubmit={(event) => {
            event.preventDefault();
            const plain = typed.trim();
            const number = /^result\s+(\d+)$/i.exec(plain)?.[1];
            if (number) onChoose(Number(number));
            else setAsked(plain);
          }}
        >
          <TextInput
            size="xs"
            aria-label="Exposure or result"
            placeholder="Name of an exposure, or: result 12"
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          <Button size="xs" variant="default" type="submit" disabled={!typed.trim()}>
            Find
          </Button>
        </form>
        {exposure.data && asked !== "" && !exposure.isError && (
          <>
            <StateBadge state={exposure.data.state} />
            {exposure.data.results.map((one) => (
              <Button
                key={one.result.id}
                size="compact-xs"
                variant="light"
                onClick={() => onChoose(one.result.id)}
              >
                {one.step}
              </Button>
            ))}
          </>
        )}
      </div>
      {exposure.error && asked !== "" && (
        <ErrorNote error={exposure.error} what={`There is no exposure ${asked}`} />
      )}
    </Panel>
  );
}
