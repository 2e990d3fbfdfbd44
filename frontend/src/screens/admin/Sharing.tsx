import { Select } from "@mantine/core";
import { useState } from "react";
import { useSessions } from "@/api/queries";
import { SharingPanel } from "@/people/SharingPanel";
import { Empty } from "@/ui";

/** Who sees which session. */
export function Sharing() {
  const sessions = useSessions().data ?? [];
  const [id, setId] = useState<string | null>(null);
  const chosen = id ?? sessions[0]?.id ?? null;
  if (chosen === null) return <Empty title="No session yet" />;
  return (
    <>
      <Select
        label="Session"
        data={sessions.map((one) => ({ value: one.id, label: one.name }))}
        value={chosen}
        onChange={setId}
        allowDeselect={false}
        searchable
        maw={420}
      />
      <SharingPanel key={chosen} id={chosen} />
    </>
  );
}
