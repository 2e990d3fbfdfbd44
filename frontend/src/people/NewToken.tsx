import { Button, Group, MultiSelect, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { api } from "@/api/client";
import { useChange, useMay, useMe } from "@/api/queries";
import type { Role, Schemas } from "@/api/types";
import { ErrorNote, Secret } from "@/ui";
import { LIMIT, useSessionNames } from "./limits";

const SCOPES: readonly { value: Role | "metrics"; label: string }[] = [
  { value: "metrics", label: "metrics: figures for a monitoring system alone" },
  { value: "viewer", label: "viewer: look" },
  { value: "operator", label: "operator: steer sessions" },
  { value: "staff", label: "staff: every session" },
  { value: "admin", label: "admin: people and settings" },
];

/** The form of a new token, and the token itself, which is shown this once. */
export function NewToken({ close }: { close: () => void }) {
  const role = useMe().data?.role ?? "viewer";
  const [title, setTitle] = useState("");
  const [scope, setScope] = useState<string>("viewer");
  const [only, setOnly] = useState<string[]>([]);
  const [days, setDays] = useState("90");
  const names = useSessionNames();
  const figures = scope === "metrics"; // which are of all sessions
  const make = useChange(
    (asked: { title: string; scopes: string[]; days: number }) => {
      return api.post<Schemas["MadeToken"]>("/tokens", asked);
    },
    ["/tokens"],
  );
  const mine = SCOPES.findIndex(({ value }) => value === role);
  const first = useMay("staff") ? 0 : 1; // figures are of every session
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
        const limits = figures ? [] : only.map((key) => LIMIT + key);
        make.mutate({ title, scopes: [scope, ...limits], days: Number(days) });
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
        data={SCOPES.slice(first, mine + 1)}
        value={scope}
        onChange={(value) => value && setScope(value)}
        allowDeselect={false}
      />
      {!figures && (
        <MultiSelect
          mt="sm"
          label="Of which sessions"
          description="All that you see, where none is chosen"
          data={[...names].map(([value, label]) => ({ value, label }))}
          value={only}
          onChange={setOnly}
          searchable
        />
      )}
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
