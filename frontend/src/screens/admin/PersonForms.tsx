import { Button, Group, PasswordInput, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { api } from "@/api/client";
import { useChange } from "@/api/queries";
import { ErrorNote } from "@/ui";
import { ROLES } from "./roles";

const SOURCES = [
  { value: "local", label: "a password that this server keeps" },
  { value: "ldap", label: "the directory (LDAP)" },
  { value: "oidc", label: "the provider (OpenID Connect)" },
];

/** Let somebody in from now on. */
export function NewPerson({ close }: { close: () => void }) {
  const [name, setName] = useState("");
  const [fullName, setFullName] = useState("");
  const [role, setRole] = useState("viewer");
  const [source, setSource] = useState("local");
  const [password, setPassword] = useState("");
  const add = useChange((asked: Record<string, string>) => api.post("/users", asked), ["/users"]);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const asked = { name: name.trim(), full_name: fullName.trim(), role, source };
        add.mutate(source === "local" ? { ...asked, password } : asked, { onSuccess: close });
      }}
    >
      <TextInput
        label="Name"
        description="To log in with, and as the history names them."
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        required
        data-autofocus
        autoComplete="off"
      />
      <TextInput
        mt="sm"
        label="Full name"
        value={fullName}
        onChange={(event) => setFullName(event.currentTarget.value)}
        autoComplete="off"
      />
      <Select
        mt="sm"
        label="Role"
        data={ROLES.map(({ value, label, means }) => ({ value, label: `${label}: ${means}` }))}
        value={role}
        onChange={(value) => value && setRole(value)}
        allowDeselect={false}
      />
      <Select
        mt="sm"
        label="Who they are is proven by"
        data={SOURCES}
        value={source}
        onChange={(value) => value && setSource(value)}
        allowDeselect={false}
      />
      {source === "local" && (
        <PasswordInput
          mt="sm"
          label="Password"
          description="They can change it themselves."
          autoComplete="new-password"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          required
        />
      )}
      {add.error && <ErrorNote error={add.error} what="Nobody was added" />}
      <Buttons close={close} verb="Add" busy={add.isPending} />
    </form>
  );
}

/** Give somebody another password, which logs them out. */
export function GivePassword({ name, close }: { name: string; close: () => void }) {
  const [password, setPassword] = useState("");
  const give = useChange(
    (given: string) => api.patch(`/users/${encodeURIComponent(name)}`, { password: given }),
    ["/users"],
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        give.mutate(password, { onSuccess: close });
      }}
    >
      <PasswordInput
        label="New password"
        description="They are logged out everywhere."
        autoComplete="new-password"
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        required
        data-autofocus
      />
      {give.error && <ErrorNote error={give.error} what="The password stays" />}
      <Buttons close={close} verb="Give it" busy={give.isPending} />
    </form>
  );
}

function Buttons({ close, verb, busy }: { close: () => void; verb: string; busy: boolean }) {
  return (
    <Group justify="flex-end" mt="md" gap="xs">
      <Button variant="default" onClick={close}>
        Cancel
      </Button>
      <Button type="submit" loading={busy}>
        {verb}
      </Button>
    </Group>
  );
}
