import { Button, Group, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { api } from "@/api/client";
import { sessionPath, useApi, useChange, useMay, useMe } from "@/api/queries";
import type { Account, Schemas, ShareLink } from "@/api/types";
import { DataTable, ErrorNote, Icon, Note, Panel, Secret, Shown } from "@/ui";
import { moment, number } from "@/units";
import styles from "./people.module.css";

/** Who sees a session: its people, and whoever has a link. */
export function SharingPanel({ id }: { id: string }) {
  return (
    <div className={styles.stack}>
      <People id={id} />
      <Links id={id} />
    </div>
  );
}

function People({ id }: { id: string }) {
  const path = sessionPath(id, "/people");
  const people = useApi<string[]>(path);
  const staff = useMay("staff");
  const admin = useMay("admin");
  const accounts = useApi<Account[]>("/users", {}, { enabled: admin }).data ?? [];
  const [name, setName] = useState("");
  const add = useChange((who: string) => api.put(`${path}/${encodeURIComponent(who)}`), [path]);
  const drop = useChange((who: string) => api.delete(`${path}/${encodeURIComponent(who)}`), [path]);
  const error = add.error ?? drop.error;
  return (
    <Panel title="People" note="see this session; staff see every one">
      <Shown query={people} what="The people">
        {(rows) => (
          <ul className={styles.people}>
            {rows.length === 0 && <li className={styles.quiet}>nobody but staff</li>}
            {rows.map((who) => (
              <li key={who} className={styles.person}>
                {who}
                {staff && (
                  <button
                    type="button"
                    className={styles.drop}
                    aria-label={`Take ${who} out`}
                    onClick={() => drop.mutate(who)}
                  >
                    <Icon name="cross" size={12} />
                  </button>
                )}
              </li>
            ))}
          </ul>
        )}
      </Shown>
      {staff && (
        <form
          className={styles.line}
          onSubmit={(event) => {
            event.preventDefault();
            if (name.trim()) add.mutate(name.trim(), { onSuccess: () => setName("") });
          }}
        >
          <TextInput
            size="xs"
            aria-label="Name of a person"
            placeholder="Name"
            list="accounts"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <datalist id="accounts">
            {accounts.map((one) => (
              <option key={one.name} value={one.name}>
                {one.full_name}
              </option>
            ))}
          </datalist>
          <Button size="xs" variant="default" type="submit" loading={add.isPending}>
            Add
          </Button>
        </form>
      )}
      {error && <ErrorNote error={error} />}
    </Panel>
  );
}

function Links({ id }: { id: string }) {
  const path = sessionPath(id, "/shares");
  const links = useApi<ShareLink[]>(path);
  const [title, setTitle] = useState("");
  const [days, setDays] = useState("7");
  const make = useChange(
    (whom: string) => api.post<Schemas["MadeShare"]>(path, { title: whom, days: Number(days) }),
    [path],
  );
  const end = useChange((link: ShareLink) => api.delete(`${path}/${link.number}`), [path]);
  const error = make.error ?? end.error;
  const me = useMe().data;
  return (
    <Panel title="Links" note="open this session to whoever has one, to look and no more">
      {make.data && <Secret label="Link" value={make.data.url} />}
      <Shown query={links} what="The links">
        {(rows) =>
          rows.length === 0 ? null : (
            <DataTable
              label="Links to this session"
              rows={rows}
              keyOf={(link) => link.number}
              columns={[
                { title: "For", cell: (link) => link.title },
                { title: "Made by", cell: (link) => link.who },
                { title: "Until", cell: (link) => validity(link) },
                { title: "Opened", cell: (link) => number(link.opened), right: true },
                {
                  title: "",
                  cell: (link) =>
                    link.revoked === null && (
                      <Button
                        size="compact-xs"
                        variant="subtle"
                        color="red"
                        onClick={() => end.mutate(link)}
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
      {me && !me.login_required ? (
        <Note>
          This server answers this computer alone, so that a link would lead nobody here. Start it
          with accounts, as &ldquo;Let people in&rdquo; of the documentation says, to share
          sessions.
        </Note>
      ) : (
        <form
          className={styles.line}
          onSubmit={(event) => {
            event.preventDefault();
            if (title.trim()) make.mutate(title.trim(), { onSuccess: () => setTitle("") });
          }}
        >
          <TextInput
            size="xs"
            aria-label="Whom the link is for"
            placeholder="Whom it is for"
            value={title}
            onChange={(event) => setTitle(event.currentTarget.value)}
          />
          <Select
            size="xs"
            w={110}
            aria-label="How long it is good"
            data={[
              { value: "1", label: "a day" },
              { value: "7", label: "a week" },
              { value: "30", label: "30 days" },
              { value: "90", label: "90 days" },
            ]}
            value={days}
            onChange={(value) => value && setDays(value)}
            allowDeselect={false}
          />
          <Group>
            <Button size="xs" variant="default" type="submit" loading={make.isPending}>
              Make a link
            </Button>
          </Group>
        </form>
      )}
      {error && <ErrorNote error={error} />}
    </Panel>
  );
}

function validity(link: ShareLink): string {
  if (link.revoked !== null) return `ended ${moment(link.revoked)}`;
  return link.expires < Date.now() / 1000
    ? `over since ${moment(link.expires)}`
    : moment(link.expires);
}
