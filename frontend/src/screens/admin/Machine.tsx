import { Button } from "@mantine/core";
import { useApi } from "@/api/queries";
import type { Finding } from "@/api/types";
import { DataTable, Loading, Panel, Shown, StateBadge } from "@/ui";
import type { Tone } from "@/units";

const TONES: Record<Finding["mark"], Tone> = {
  ok: "good",
  busy: "warning",
  scarce: "warning",
  missing: "warning",
  wrong: "bad",
};

/** What this machine has for sessions, what is missing, and what that costs. */
export function Machine() {
  const findings = useApi<Finding[]>("/doctor");
  return (
    <Panel
      title="Machine"
      note="as icestream doctor says it"
      flush
      tools={
        <Button
          size="compact-xs"
          variant="default"
          loading={findings.isFetching}
          onClick={() => void findings.refetch()}
        >
          Look again
        </Button>
      }
    >
      <Shown query={findings} what="The machine" loading={<Loading lines={8} height={24} />}>
        {(rows) => (
          <DataTable
            label="Machine"
            rows={rows}
            keyOf={(one) => `${one.what} ${one.found}`}
            columns={[
              { title: "", cell: (one) => <StateBadge state={one.mark} tone={TONES[one.mark]} /> },
              { title: "What", cell: (one) => one.what },
              { title: "Found", cell: (one) => one.found },
              { title: "What that costs, and what to do", cell: (one) => one.cost },
            ]}
          />
        )}
      </Shown>
    </Panel>
  );
}
