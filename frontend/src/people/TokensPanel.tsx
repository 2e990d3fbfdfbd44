import { Button, Modal } from "@mantine/core";
import { useState } from "react";
import { api } from "@/api/client";
import { useApi, useChange } from "@/api/queries";
import type { ApiToken } from "@/api/types";
import { Age, Confirm, DataTable, Empty, Icon, Panel, Shown } from "@/ui";
import { moment } from "@/units";
import { scopeWords, useSessionNames } from "./limits";
import { NewToken } from "./NewToken";

/** Tokens by which programs use the server in a person's name. */
export function TokensPanel({ everybody }: { everybody?: boolean }) {
  const tokens = useApi<ApiToken[]>("/tokens");
  const [making, setMaking] = useState(false);
  const [ending, setEnding] = useState<ApiToken | null>(null);
  const names = useSessionNames();
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
                { title: "May", cell: (token) => scopeWords(token.scopes, names) },
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
