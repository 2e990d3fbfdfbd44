import { Button, Modal } from "@mantine/core";
import { useState } from "react";
import { api } from "@/api/client";
import { useApi, useChange, useMay } from "@/api/queries";
import type { AllSettings, Schemas } from "@/api/types";
import { Confirm, Empty, ErrorNote, Icon, Note, Panel, Shown } from "@/ui";
import { ChangeChannel, NewChannel } from "./ChannelForm";
import { Done } from "./Done";
import { TOUCHED } from "./editing";
import styles from "./site.module.css";

type Summary = Schemas["ChannelSummary"];
type Answer = Schemas["SettingsAnswer"];
type Dialog = { what: "add" } | { what: "change" | "remove"; name: string };

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
  const channels = useApi<Summary[]>("/channels", {}, { enabled: useMay("operator") });
  const admin = useMay("admin");
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const [answer, setAnswer] = useState<Answer | null>(null);
  const close = () => setDialog(null);
  const done = (said: Answer) => {
    setAnswer(said);
    close();
  };
  return (
    <Panel
      title="Channels"
      tools={
        admin && (
          <Button
            size="compact-xs"
            variant="default"
            leftSection={<Icon name="plus" size={12} />}
            onClick={() => setDialog({ what: "add" })}
          >
            Add
          </Button>
        )
      }
    >
      <Done answer={answer} />
      <Shown query={channels} what="The channels">
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="Nobody is told">
              Alerts show in the application alone; a channel sends them by mail or to a chat.
            </Empty>
          ) : (
            <ul className={styles.list}>
              {rows.map((one) => (
                <ChannelItem key={one.name} channel={one} admin={admin} onDialog={setDialog} />
              ))}
            </ul>
          )
        }
      </Shown>
      <Modal opened={dialog?.what === "add"} onClose={close} title="Add a channel" size="lg">
        {dialog?.what === "add" && <NewChannel close={close} done={done} />}
      </Modal>
      <Modal
        opened={dialog?.what === "change"}
        onClose={close}
        title={dialog?.what === "change" ? `Channel ${dialog.name}` : ""}
        size="lg"
      >
        {dialog?.what === "change" && (
          <ChangeChannel name={dialog.name} close={close} done={done} />
        )}
      </Modal>
      {dialog?.what === "remove" && <RemoveChannel name={dialog.name} close={close} done={done} />}
    </Panel>
  );
}

interface ItemProps {
  channel: Summary;
  admin: boolean;
  onDialog: (dialog: Dialog) => void;
}

function ChannelItem({ channel, admin, onDialog }: ItemProps) {
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
        {admin && button("Change", () => onDialog({ what: "change", name }))}
        {admin && button("Remove", () => onDialog({ what: "remove", name }))}
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

interface RemoveProps {
  name: string;
  close: () => void;
  done: (answer: Answer) => void;
}

function RemoveChannel({ name, close, done }: RemoveProps) {
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
