import { Button, Group, Modal, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { api } from "@/api/client";
import { useApi, useChange, useMe } from "@/api/queries";
import type { ApiToken, Role, Schemas } from "@/api/types";
import { Age, Confirm, DataTable, Empty, ErrorNote, Icon, Panel, Secret, Shown } from "@/ui";
import { moment } from "@/units";

/** Tokens by which programs use the server in a person's name. */
export function TokensPanel({ everybody }: { everybody?: boolean }) {
  const tokens = useApi<ApiToken[]>("/tokens");
  const [making, setMaking] = useState(false);
  const [ending, setEnding] = useState<ApiToken | null>(null);
  const end = useChange((token: ApiToken) => api.delete(`/tokens/${token.number}`), ["/tokens"]);
  return (
    <Panel
      title="Tokens"
      note="for scripts and programs, which act in the person's name"
      flush
      tools={
        <Button
          size="compact-xs"
          variant="default"
          leftSection={<Icon name="plus" size={12} />}
          onClick={() => setMaking(true)}
        >
          New token
        </Button>
      }
    >
      <Shown query={tokens} what="The tokens">
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="No token">A program that uses the server needs one.</Empty>
          ) : (
            <DataTable
              label="Tokens"
              rows={rows.filter((token) => token.revoked === null)}
              keyOf={(token) => token.number}
              columns={[
                { title: "For", cell: (token) => token.title },
                ...(everybody ? [{ title: "Of", cell: (one: ApiToken) => one.account }] : []),
                { title: "May", cell: (token) => token.scopes.join(", ") },
                { title: "Made", cell: (token) => <Age time={token.created} /> },
                { title: "Until", cell: (token) => moment(token.expires) },
                {
                  title: "Used",
                  cell: (token) => (token.used ? <Age time={token.used} /> : "never"),
                },
                {
                  title: "",
                  cell: (token) => (
                    <Button
                      size="compact-xs"
                      variant="subtle"
                      color="red"
                      onClick={() => setEnding(token)}
                    >
                      End
                    </Button>
                  ),
                },
              ]}
            />
          )
        }
      </Shown>
      <Modal opened={making} onClose={() => setMaking(false)} title="New token">
        {making && <NewToken close={() => setMaking(false)} />}
      </Modal>
      <Confirm
        opened={ending !== null}
        title={`End the token “${ending?.title ?? ""}”`}
        verb="End the token"
        danger
        busy={end.isPending}
        error={end.error}
        onClose={() => setEnding(null)}
        onConfirm={() => ending && end.mutate(ending, { onSuccess: () => setEnding(null) })}
      >
        What uses it is refused from now on.
      </Confirm>
    </Panel>
  );
}

const SCOPES: readonly { value: Role | "metrics"; label: string }[] = [
  { value: "metrics", label: "metrics: figures for a monitoring system alone" },
  { value: "viewer", label: "viewer: look" },
  { value: "operator", label: "operator: steer sessions" },
  { value: "staff", label: "staff: every session" },
  { value: "admin", label: "admin: people and settings" },
];

function NewToken({ close }: { close: () => void }) {
  const role = useMe().data?.role ?? "viewer";
  const [title, setTitle] = useState("");
  const [scope, setScope] = useState<string>("viewer");
  const [days, setDays] = useState("90");
  const make = useChange(
    () => api.post<Schemas["MadeToken"]>("/tokens", { title, scopes: [scope], days: Number(days) }),
    ["/tokens"],
  );
  const mine = SCOPES.findIndex(({ value }) => value === role);
  if (make.data)
    return (
      <>
        <Secret label="Token" value={make.data.token} />
        <Group justify="flex-end" mt="md">
          <Button onClick={close}>Done</Button>
        </Group>
      </>
    );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        make.mutate(undefined);
      }}
    >
      <TextInput
        label="What it is for"
        value={title}
        onChange={(event) => setTitle(event.currentTarget.value)}
        required
        data-autofocus
      />
      <Select
        mt="sm"
        label="What it may do"
        data={SCOPES.slice(0, mine + 1)}
        value={scope}
        onChange={(value) => value && setScope(value)}
        allowDeselect={false}
      />
      <Select
        mt="sm"
        label="How long it is good"
        data={[
          { value: "1", label: "a day" },
          { value: "7", label: "a week" },
          { value: "90", label: "90 days" },
          { value: "365", label: "a year" },
        ]}
        value={days}
        onChange={(value) => value && setDays(value)}
        allowDeselect={false}
      />
      {make.error && <ErrorNote error={make.error} what="No token was made" />}
      <Group justify="flex-end" mt="md" gap="xs">
        <Button variant="default" onClick={close}>
          Cancel
        </Button>
        <Button type="submit" loading={make.isPending}>
          Make the token
        </Button>
      </Group>
    </form>
  );
}
