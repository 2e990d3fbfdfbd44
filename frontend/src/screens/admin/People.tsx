import { ActionIcon, Button, Menu, Modal, Select } from "@mantine/core";
import { useState } from "react";
import { api } from "@/api/client";
import { useApi, useChange, useMe } from "@/api/queries";
import type { Account, Role } from "@/api/types";
import { Age, Confirm, DataTable, Empty, ErrorNote, Icon, Panel, Shown, StateBadge } from "@/ui";
import { GivePassword, NewPerson } from "./PersonForms";
import { ROLES } from "./roles";
import styles from "./admin.module.css";

const SOURCES: Record<string, string> = { local: "password", ldap: "directory", oidc: "provider" };
type Dialog = { of: Account; what: "password" | "remove" };

/** Everybody who may come in. */
export function People() {
  const accounts = useApi<Account[]>("/users");
  const me = useMe().data;
  const [adding, setAdding] = useState(false);
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const change = useChange(
    ({ name, ...changes }: { name: string; role?: Role; disabled?: boolean }) =>
      api.patch(`/users/${encodeURIComponent(name)}`, changes),
    ["/users"],
  );
  const remove = useChange(
    (name: string) => api.delete(`/users/${encodeURIComponent(name)}`),
    ["/users"],
  );
  const logOut = useChange(
    (name: string) => api.delete(`/users/${encodeURIComponent(name)}/logins`),
    ["/users"],
  );
  const error = change.error ?? logOut.error;
  return (
    <Panel
      title="People"
      note={ROLES.map((role) => `${role.label}: ${role.means}`).join(" · ")}
      flush
      tools={
        <Button
          size="compact-xs"
          variant="default"
          leftSection={<Icon name="plus" size={12} />}
          onClick={() => setAdding(true)}
        >
          Add
        </Button>
      }
    >
      {error && <ErrorNote error={error} />}
      <Shown query={accounts} what="The accounts">
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="Nobody has an account">
              People log in where this server is reached from other computers. Add the first of
              them, as an administrator.
            </Empty>
          ) : (
            <DataTable
              label="People"
              rows={rows}
              keyOf={(one) => one.name}
              columns={[
                {
                  title: "Name",
                  cell: (one) => (
                    <>
                      <div className={styles.name}>{one.full_name || one.name}</div>
                      {one.full_name && one.full_name !== one.name && (
                        <div className={styles.quiet}>{one.name}</div>
                      )}
                    </>
                  ),
                },
                {
                  title: "Role",
                  cell: (one) => (
                    <Select
                      size="xs"
                      w={110}
                      aria-label={`Role of ${one.name}`}
                      data={ROLES.map(({ value, label }) => ({ value, label }))}
                      value={one.role}
                      allowDeselect={false}
                      disabled={one.name === me?.name}
                      onChange={(role) =>
                        role && change.mutate({ name: one.name, role: role as Role })
                      }
                    />
                  ),
                },
                { title: "Proven by", cell: (one) => SOURCES[one.source] ?? one.source },
                {
                  title: "State",
                  cell: (one) =>
                    one.disabled ? (
                      <StateBadge state="disabled" tone="idle" />
                    ) : (
                      <StateBadge state="active" />
                    ),
                },
                { title: "Seen", cell: (one) => (one.seen ? <Age time={one.seen} /> : "never") },
                {
                  title: "",
                  cell: (one) => (
                    <PersonMenu
                      account={one}
                      onDialog={setDialog}
                      onLogOut={() => logOut.mutate(one.name)}
                      onDisable={() => change.mutate({ name: one.name, disabled: !one.disabled })}
                      own={one.name === me?.name}
                    />
                  ),
                },
              ]}
            />
          )
        }
      </Shown>
      <Modal opened={adding} onClose={() => setAdding(false)} title="Add a person">
        {adding && <NewPerson close={() => setAdding(false)} />}
      </Modal>
      <Modal
        opened={dialog?.what === "password"}
        onClose={() => setDialog(null)}
        title={`Another password for ${dialog?.of.name ?? ""}`}
      >
        {dialog?.what === "password" && (
          <GivePassword name={dialog.of.name} close={() => setDialog(null)} />
        )}
      </Modal>
      <Confirm
        opened={dialog?.what === "remove"}
        title={`Remove ${dialog?.of.name ?? ""}`}
        verb="Remove"
        danger
        busy={remove.isPending}
        error={remove.error}
        onClose={() => setDialog(null)}
        onConfirm={() =>
          dialog && remove.mutate(dialog.of.name, { onSuccess: () => setDialog(null) })
        }
      >
        They are let in no more, and their tokens and links end. What they decided stays, with their
        name.
      </Confirm>
    </Panel>
  );
}

interface PersonMenuProps {
  account: Account;
  own: boolean;
  onDialog: (dialog: Dialog) => void;
  onLogOut: () => void;
  onDisable: () => void;
}

function PersonMenu({ account, own, onDialog, onLogOut, onDisable }: PersonMenuProps) {
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`Actions for ${account.name}`}>
          <Icon name="more" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {account.source === "local" && (
          <Menu.Item onClick={() => onDialog({ of: account, what: "password" })}>
            Give another password …
          </Menu.Item>
        )}
        <Menu.Item onClick={onLogOut}>Log out everywhere</Menu.Item>
        {!own && (
          <>
            <Menu.Item onClick={onDisable}>
              {account.disabled ? "Let in again" : "Disable"}
            </Menu.Item>
            <Menu.Item color="red" onClick={() => onDialog({ of: account, what: "remove" })}>
              Remove …
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
