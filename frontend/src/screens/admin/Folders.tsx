import { Button } from "@mantine/core";
import { useState } from "react";
import { api } from "@/api/client";
import { useApi, useChange, useMay } from "@/api/queries";
import type { AllSettings, RootFolder, Schemas } from "@/api/types";
import { Done } from "@/site/Done";
import { TOUCHED } from "@/site/editing";
import { Confirm, DataTable, Panel, Shown, StateBadge } from "@/ui";
import { bytes, number, STATES } from "@/units";
import styles from "./admin.module.css";

type Answer = Schemas["SettingsAnswer"];

/** The folders that are shown: of sessions, and of movies; outside of them nothing is served. */
export function Folders() {
  const roots = useApi<RootFolder[]>("/roots", {}, { every: 30_000 });
  const admin = useMay("admin");
  const [taking, setTaking] = useState<string | null>(null);
  const [answer, setAnswer] = useState<Answer | null>(null);
  return (
    <Panel title="Folders" note="nothing outside of them is served" flush>
      <Done answer={answer} />
      <Shown query={roots} what="The folders">
        {(rows) => (
          <DataTable
            label="Folders"
            rows={rows}
            keyOf={(one) => `${one.path} ${one.origin}`}
            columns={[
              {
                title: "Folder",
                cell: (one) => (
                  <Place
                    root={one}
                    take={admin && one.origin !== "start" ? () => setTaking(one.path) : null}
                  />
                ),
              },
              {
                title: "State",
                cell: (one) => (
                  <StateBadge
                    state={one.there ? "there" : "not there"}
                    tone={one.there ? "good" : "bad"}
                  />
                ),
              },
              {
                title: "Sessions",
                cell: (one) => (one.sessions === null ? "movies alone" : number(one.sessions)),
                right: true,
              },
              { title: "Room", cell: (one) => <Room root={one} /> },
            ]}
          />
        )}
      </Shown>
      <p className={styles.foot}>
        <span className={styles.quiet}>
          A browser takes folders of movies away and adds none, so that nobody on the web sees more
          of this machine. To add one, on the machine:{" "}
          <code>icestream settings set roots=/data:/scratch</code>
        </span>
      </p>
      {taking && (
        <TakeAway
          path={taking}
          close={() => setTaking(null)}
          done={(said) => {
            setAnswer(said);
            setTaking(null);
          }}
        />
      )}
    </Panel>
  );
}

function Place({ root: { path, origin }, take }: { root: RootFolder; take: (() => void) | null }) {
  return (
    <div className={styles.value}>
      <code>{path}</code>
      <div className={styles.quiet}>
        {origin === "start" ? "given when the server was started" : `from ${origin}`}
      </div>
      {take && (
        <Button
          size="compact-xs"
          variant="subtle"
          color="red"
          ml={-8}
          aria-label={`Take away ${path}`}
          onClick={take}
        >
          Take away
        </Button>
      )}
    </div>
  );
}

interface TakeAwayProps {
  path: string;
  close: () => void;
  done: (answer: Answer) => void;
}

function TakeAway({ path, close, done }: TakeAwayProps) {
  const settings = useApi<AllSettings>("/settings");
  const roots = settings.data?.settings.find((one) => one.name === "roots");
  const take = useChange((asked: { value: string[]; revision: string }) => {
    return api.put<Answer>("/settings/roots", asked);
  }, TOUCHED);
  const all = (roots?.value ?? []) as string[];
  return (
    <Confirm
      opened
      title={`Take away ${path}`}
      verb="Take it away"
      danger
      busy={take.isPending || !settings.data}
      error={take.error ?? (roots?.locked ? new Error(roots.locked) : null)}
      onClose={close}
      onConfirm={() =>
        settings.data &&
        take.mutate(
          { value: all.filter((one) => one !== path), revision: settings.data.revision },
          { onSuccess: done },
        )
      }
    >
      Movies there cannot be chosen any more; sessions that have begun go on. Only somebody on the
      machine can add it again.
    </Confirm>
  );
}

function Room({ root: { free, total } }: { root: RootFolder }) {
  if (free === null || total === null) return "–";
  const used = 1 - free / total;
  return (
    <>
      {bytes(free)} free of {bytes(total)}
      <span className={styles.room} aria-hidden="true">
        <span
          style={{
            width: `${(100 * used).toFixed(1)}%`,
            background: used > 0.95 ? STATES.bad : used > 0.85 ? STATES.warning : STATES.busy,
          }}
        />
      </span>
    </>
  );
}
