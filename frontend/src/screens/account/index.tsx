import { Button, PasswordInput } from "@mantine/core";
import { useState } from "react";
import { api, keepCsrf } from "@/api/client";
import { useApi, useChange, useMe } from "@/api/queries";
import type { Me, OpenLogin } from "@/api/types";
import { TokensPanel } from "@/people/TokensPanel";
import { Age, DataTable, ErrorNote, Note, Page, Panel, Shown } from "@/ui";

/** What is a person's own: where they are logged in, their tokens, their password. */
export default function Account() {
  const me = useMe().data;
  if (!me) return null;
  return (
    <Page title={me.full_name || me.name} narrow beside={<span>{me.role}</span>}>
      {me.login_required ? (
        <>
          <Logins />
          <TokensPanel />
          {me.by_password && <Password />}
        </>
      ) : (
        <Note title="Nobody logs in here">
          This server answers this computer alone, so whoever is here may do everything. For people
          elsewhere it is started with <code>--host</code>, and then everybody logs in.
        </Note>
      )}
    </Page>
  );
}

function Logins() {
  const logins = useApi<OpenLogin[]>("/me/logins");
  const end = useChange(
    (number: number) => api.delete("/me/logins", { number }),
    ["/me/logins", "/me"],
  );
  return (
    <Panel title="Where you are logged in" flush>
      <Shown query={logins} what="Your logins">
        {(rows) => (
          <DataTable
            label="Where you are logged in"
            rows={rows}
            keyOf={(one) => one.number}
            columns={[
              { title: "From", cell: (one) => one.address },
              { title: "With", cell: (one) => one.agent },
              { title: "Since", cell: (one) => <Age time={one.created} /> },
              { title: "Seen", cell: (one) => <Age time={one.seen} /> },
              {
                title: "",
                cell: (one) => (
                  <Button
                    size="compact-xs"
                    variant="subtle"
                    color="red"
                    onClick={() => end.mutate(one.number)}
                  >
                    Log out
                  </Button>
                ),
              },
            ]}
          />
        )}
      </Shown>
      {end.error && <ErrorNote error={end.error} />}
    </Panel>
  );
}

function Password() {
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const change = useChange(
    (asked: { old: string; new: string }) => api.put<Me>("/me/password", asked),
    ["/me"],
  );
  return (
    <Panel title="Password" note="every other login of yours ends when it is changed">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate(
            { old, new: fresh },
            {
              onSuccess: (me) => {
                keepCsrf(me.csrf);
                setOld("");
                setFresh("");
              },
            },
          );
        }}
      >
        <PasswordInput
          label="The one you have"
          autoComplete="current-password"
          value={old}
          onChange={(event) => setOld(event.currentTarget.value)}
          required
          maw={360}
        />
        <PasswordInput
          label="The new one"
          autoComplete="new-password"
          mt="sm"
          value={fresh}
          onChange={(event) => setFresh(event.currentTarget.value)}
          required
          maw={360}
        />
        {change.error && <ErrorNote error={change.error} what="The password stays" />}
        {change.isSuccess && <Note tone="good">The password is changed.</Note>}
        <Button type="submit" mt="sm" loading={change.isPending}>
          Change it
        </Button>
      </form>
    </Panel>
  );
}
