import { Button, Select, Switch } from "@mantine/core";
import { useNavigate } from "react-router";
import { api } from "@/api/client";
import { useApi, useChange, useMay } from "@/api/queries";
import type { BegunSession, WorkflowSummary } from "@/api/types";
import { Empty, ErrorNote, Note, Page, Panel, Shown } from "@/ui";
import { Blanks } from "./Blanks";
import { FolderField } from "./FolderField";
import { Found } from "./Found";
import { Parameters } from "./Parameters";
import { Placeholders } from "./Placeholders";
import { Trial } from "./Trial";
import { useDraft, type Draft, type Kept } from "./draft";
import styles from "./new.module.css";

/** Start a session: where the movies are, what is said of them, what is done with them. */
export default function NewSession() {
  const operator = useMay("operator");
  const [draft, set] = useDraft();
  if (!operator)
    return (
      <Page title="New session">
        <Empty title="You may look, and not start sessions">
          Ask an administrator for the role of an operator.
        </Empty>
      </Page>
    );
  return (
    <Page title="New session">
      <div className={styles.layout}>
        <div className={styles.form}>
          <Movies draft={draft} set={set} />
          <Processing draft={draft} set={set} />
          <Start draft={draft} set={set} />
        </div>
        <aside className={styles.side}>
          <Found draft={draft} />
          <Trial draft={draft} />
        </aside>
      </div>
    </Page>
  );
}

interface PartProps {
  draft: Draft;
  set: (change: Partial<Kept>) => void;
}

function Movies({ draft, set }: PartProps) {
  return (
    <Panel title="1  Movies" note="a folder, or a pattern of names">
      <FolderField
        label="Where the movies are"
        description="As /data/session, or /data/session/**/*_fractions.tiff. Those that come later are taken, too."
        value={draft.pattern}
        onChange={(pattern) => set({ pattern })}
        verb="Take the movies of this folder"
      />
      <Switch
        mt="md"
        label="Wait for more movies"
        description="Until the session is stopped; otherwise it ends with those that are there."
        checked={draft.watch}
        onChange={(event) => set({ watch: event.currentTarget.checked })}
      />
    </Panel>
  );
}

/** What another workflow begins with. */
const FRESH = { parameters: {}, fill: {}, without: false };

function Processing({ draft, set }: PartProps) {
  const workflows = useApi<WorkflowSummary[]>("/workflows");
  return (
    <Panel title="2  What is done with them">
      <Shown query={workflows} what="The workflows">
        {(rows) => (
          <>
            <Select
              label="Workflow"
              description={rows.find((one) => one.name === draft.workflow)?.summary}
              data={rows.map((one) => ({ value: one.name, label: one.title || one.name }))}
              value={draft.workflow}
              onChange={(workflow) => workflow && set({ workflow, ...FRESH })}
              allowDeselect={false}
              maw={420}
            />
            <Placeholders draft={draft} onChange={(without) => set({ without })} />
            <Blanks draft={draft} onChange={(fill) => set({ fill })} />
            <Parameters draft={draft} onChange={(parameters) => set({ parameters })} />
          </>
        )}
      </Shown>
    </Panel>
  );
}

function Start({ draft, set }: PartProps) {
  const navigate = useNavigate();
  const start = useChange(
    (asGiven: boolean) =>
      api.post<BegunSession>("/sessions", {
        ...draft.asked,
        folder: draft.folder.trim(),
        start: true,
        as_given: asGiven,
      }),
    ["/sessions"],
  );
  const ready = draft.pattern.trim() !== "" && draft.folder.trim() !== "";
  const go = (asGiven: boolean) =>
    start.mutate(asGiven, {
      onSuccess: (session) => void navigate(`/s/${encodeURIComponent(session.id)}`),
    });
  // What is only doubted can be meant; what is wrong cannot be started.
  const doubted = start.error?.advice?.includes("as_given") ?? false;
  return (
    <Panel title="3  Start">
      <div className={styles.start}>
        <FolderField
          label="Folder of the session"
          description="Made when it does not exist: everything that is computed goes there, and its name is the session's."
          value={draft.folder}
          onChange={(folder) => set({ folder })}
          verb="Make the session below this folder"
          below={nameOf(draft.pattern)}
        />
        {start.error && <ErrorNote error={start.error} what="The session was not started" />}
        {!ready && (
          <Note>
            It needs {draft.pattern.trim() ? "a folder for the session" : "movies"} first.
          </Note>
        )}
        <div className={styles.buttons}>
          <Button disabled={!ready} loading={start.isPending} onClick={() => go(false)}>
            Start the session
          </Button>
          {doubted && (
            <Button variant="default" loading={start.isPending} onClick={() => go(true)}>
              It is meant like this: start all the same
            </Button>
          )}
        </div>
      </div>
    </Panel>
  );
}

/** What a session of these movies would be called: the last part of the path that is a name. */
function nameOf(pattern: string): string {
  const parts = pattern.split("/").filter((part) => part && !/[*?[]/.test(part));
  return (parts.at(-1) ?? "session").replace(/\.[a-z0-9]+$/i, "");
}
