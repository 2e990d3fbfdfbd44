import { Button } from "@mantine/core";
import { api } from "@/api/client";
import { useApi, useChange, useMay } from "@/api/queries";
import type { AllSettings, Schemas } from "@/api/types";
import { Confirm, Empty, ErrorNote, Note } from "@/ui";
import { ChangeChannel, NewChannel } from "./ChannelForm";
import { TOUCHED } from "./editing";
import { EntriesPanel, type Ask, type Ends } from "./EntriesPanel";
import styles from "./site.module.css";

type Summary = Schemas["ChannelSummary"];
type Answer = Schemas["SettingsAnswer"];

const wordsOf = ({ kind, place, levels, sessions, quiet }: Summary): string =>
  [
    kind,
    place,
    levels.join(" and "),
    sessions.join() === "*" ? "" : `of ${sessions.join(", ")}`,
    quiet && `not from ${quiet.replace("-", " to ")}`,
  ]
    .filter(Boolean)
    .join(", ");

/** Ways by which alerts reach people; staff try them, administrators change them. */
export function ChannelsPanel() {
  return (
    <EntriesPanel
      title="Channels"
      called="channel"
      query={useApi<readonly Summary[]>("/channels", {}, { enabled: useMay("operator") })}
      empty={
        <Empty title="Nobody is told">
          Alerts show in the application alone; a channel sends them by mail or to a chat.
        </Empty>
      }
      list={(rows, ask) => (
        <ul className={styles.list}>
          {rows.map((one) => (
            <ChannelItem key={one.name} channel={one} ask={ask} />
          ))}
        </ul>
      )}
      form={(name, ends) =>
        name === null ? <NewChannel {...ends} /> : <ChangeChannel name={name} {...ends} />
      }
      remove={(name, ends) => <RemoveChannel name={name} {...ends} />}
    />
  );
}

function ChannelItem({ channel, ask }: { channel: Summary; ask: Ask | null }) {
  const { name } = channel;
  const trial = useChange(
    () => api.post<Schemas["TriedChannel"]>(`/channels/${encodeURIComponent(name)}/test`),
    [],
  );
  const staff = useMay("staff");
  const button = (verb: string, act: () => void, busy = false) => (
    <Button
      size="compact-xs"
      variant="subtle"
      aria-label={`${verb} ${name}`}
      color={verb === "Remove" ? "red" : undefined}
      loading={busy}
      onClick={act}
    >
      {verb}
    </Button>
  );
  return (
    <li className={styles.item}>
      <span className={styles.words}>
        <strong>{name}</strong> <span className={styles.quiet}>{wordsOf(channel)}</span>
      </span>
      <span className={styles.tools}>
        {staff && button("Try", () => trial.mutate(undefined), trial.isPending)}
        {ask && button("Change", () => ask("change", name))}
        {ask && button("Remove", () => ask("remove", name))}
      </span>
      {trial.error && <ErrorNote error={trial.error} />}
      {trial.data && (
        <div role="status">
          <Note tone={trial.data.delivered ? "good" : "bad"}>{trial.data.words}</Note>
        </div>
      )}
    </li>
  );
}

function RemoveChannel({ name, close, done }: { name: string } & Ends) {
  const settings = useApi<AllSettings>("/settings");
  const remove = useChange(
    (revision: string) => api.delete<Answer>(`/channels/${encodeURIComponent(name)}`, { revision }),
    TOUCHED,
  );
  return (
    <Confirm
      opened
      title={`Remove the channel ${name}`}
      verb="Remove"
      danger
      busy={remove.isPending || !settings.data}
      error={remove.error}
      onClose={close}
      onConfirm={() => settings.data && remove.mutate(settings.data.revision, { onSuccess: done })}
    >
      Sessions that are started from now on send nothing over it. What is secret of it is lost.
    </Confirm>
  );
}
