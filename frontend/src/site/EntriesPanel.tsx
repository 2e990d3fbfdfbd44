import { Button, Modal } from "@mantine/core";
import { useState, type ReactNode } from "react";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ApiError } from "@/api/client";
import { useMay } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Icon, Panel, Shown } from "@/ui";
import { Done } from "./Done";

type Answer = Schemas["SettingsAnswer"];
type Dialog = { what: "add" } | { what: "change" | "remove"; name: string };

/** What a dialog does when it ends. */
export interface Ends {
  close: () => void;
  done: (answer: Answer) => void;
}

/** What an entry of a list asks for. */
export type Ask = (what: "change" | "remove", name: string) => void;

interface Props<T> {
  title: string;
  note?: string;
  flush?: boolean;
  /** What an entry is called: microscope. */
  called: string;
  query: UseQueryResult<readonly T[], ApiError>;
  /** Where there is none yet. */
  empty: ReactNode;
  /** The list; without `ask` nothing may be changed. */
  list: (rows: readonly T[], ask: Ask | null) => ReactNode;
  /** The form of one, or of a new one. */
  form: (name: string | null, ends: Ends) => ReactNode;
  remove: (name: string, ends: Ends) => ReactNode;
}

/** Entries of the settings, which administrators add, change and remove. */
export function EntriesPanel<T>(props: Props<T>) {
  const { title, note, flush, called, query, empty, list, form, remove } = props;
  const admin = useMay("admin");
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const [answer, setAnswer] = useState<Answer | null>(null);
  const close = () => setDialog(null);
  const done = (said: Answer) => {
    setAnswer(said);
    close();
  };
  const named = dialog && "name" in dialog ? dialog.name : null;
  const changes = dialog !== null && dialog.what !== "remove";
  return (
    <Panel
      title={title}
      note={note}
      flush={flush}
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
      <Shown query={query} what={`The ${called}s`}>
        {(rows) =>
          rows.length === 0
            ? empty
            : list(rows, admin ? (what, name) => setDialog({ what, name }) : null)
        }
      </Shown>
      <Modal
        opened={changes}
        onClose={close}
        title={
          named === null
            ? `Add a ${called}`
            : `${called.charAt(0).toUpperCase()}${called.slice(1)} ${named}`
        }
        size="lg"
      >
        {changes && form(named, { close, done })}
      </Modal>
      {dialog?.what === "remove" && remove(dialog.name, { close, done })}
    </Panel>
  );
}
