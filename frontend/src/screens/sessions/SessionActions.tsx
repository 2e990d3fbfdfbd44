import { ActionIcon, Menu, Modal } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { ApiError } from "@/api/client";
import { api } from "@/api/client";
import { sessionPath, useMay } from "@/api/queries";
import { useRequest } from "@/api/requests";
import type { SessionSummary } from "@/api/types";
import { SharingPanel } from "@/people/SharingPanel";
import { ErrorNote, Icon, ReasonDialog } from "@/ui";

type Wanted = "pause" | "stop" | null;

const WORDS = {
  pause: {
    title: "Pause the session",
    verb: "Pause",
    text: "Nothing new is begun until it is resumed; what has begun is finished.",
  },
  stop: {
    title: "Stop the session",
    verb: "Stop",
    text: "It takes nothing new, finishes what has begun, and ends. It can be started again.",
  },
} as const;

/** What can be done with a session from the list: a menu. */
export function SessionActions({ session }: { session: SessionSummary }) {
  const [wanted, setWanted] = useState<Wanted>(null);
  const operator = useMay("operator");
  const staff = useMay("staff");
  const [sharing, setSharing] = useState(false);
  const ask = useRequest(session.id);
  const client = useQueryClient();
  const act = useMutation<unknown, ApiError, "start" | "archive" | "unarchive">({
    mutationFn: (verb) => api.post(sessionPath(session.id, `/${verb}`)),
    onSettled: () => client.invalidateQueries({ queryKey: ["/sessions"] }),
  });
  if (!operator) return null;
  const paused = session.state === "paused";
  const error = act.error ?? (wanted === null ? ask.error : null);
  const forget = () => {
    act.reset();
    ask.reset();
  };
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`Actions of ${session.name}`}
            loading={act.isPending || (ask.isPending && wanted === null)}
          >
            <Icon name="more" />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {!session.running && !session.archived && (
            <Item icon="play" onClick={() => act.mutate("start")}>
              Start
            </Item>
          )}
          {session.running && paused && (
            <Item icon="play" onClick={() => ask.mutate({ request: { verb: "resume" } })}>
              Resume
            </Item>
          )}
          {session.running && !paused && (
            <Item icon="pause" onClick={() => setWanted("pause")}>
              Pause …
            </Item>
          )}
          {session.running && (
            <Item icon="stop" onClick={() => setWanted("stop")}>
              Stop …
            </Item>
          )}
          <Item icon="person" onClick={() => setSharing(true)}>
            People and links …
          </Item>
          {!session.running && staff && (
            <Item
              icon="folder"
              onClick={() => act.mutate(session.archived ? "unarchive" : "archive")}
            >
              {session.archived ? "Take out of the archive" : "Archive"}
            </Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <ReasonDialog
        opened={wanted !== null}
        title={wanted ? WORDS[wanted].title : ""}
        verb={wanted ? WORDS[wanted].verb : ""}
        danger={wanted === "stop"}
        busy={ask.isPending}
        error={ask.error}
        onClose={() => {
          setWanted(null);
          ask.reset();
        }}
        onConfirm={(why) =>
          wanted &&
          ask.mutate({ request: { verb: wanted, why } }, { onSuccess: () => setWanted(null) })
        }
      >
        {wanted && WORDS[wanted].text}
      </ReasonDialog>
      <Modal
        opened={sharing}
        onClose={() => setSharing(false)}
        title={`Who sees ${session.name}`}
        size="lg"
      >
        {sharing && <SharingPanel id={session.id} />}
      </Modal>
      <Modal opened={error !== null} onClose={forget} title={session.name}>
        {error && <ErrorNote error={error} what="This was not done" />}
      </Modal>
    </>
  );
}

function Item(props: {
  icon: "play" | "pause" | "stop" | "folder" | "person";
  onClick: () => void;
  children: string;
}) {
  return (
    <Menu.Item leftSection={<Icon name={props.icon} size={14} />} onClick={props.onClick}>
      {props.children}
    </Menu.Item>
  );
}
