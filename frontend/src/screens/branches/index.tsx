import { useState } from "react";
import { useNavigate, useParams, useSearchParams } from "react-router";
import { useFreshSession } from "@/api/live";
import { sessionPath, useApi, useMay } from "@/api/queries";
import { Note, Page, Panel, Shown } from "@/ui";
import { Button } from "@mantine/core";
import { BranchActions, type Asked } from "./BranchActions";
import { BranchTable } from "./BranchTable";
import { CompareView } from "./CompareView";
import { TrySetDialog } from "./TrySetDialog";
import type { BranchRow } from "./types";
import { UndoDialog } from "./UndoDialog";

/** What is tried beside what runs: each branch, side by side with the adopted one, and its end. */
export default function BranchesScreen() {
  const { id = "", "*": rest = "" } = useParams();
  const chosen = rest || null;
  const navigate = useNavigate();
  const query = useApi<BranchRow[]>(sessionPath(id, "/branches"));
  useFreshSession(id, ["/branches", "/compare"]);
  const may = useMay("operator");
  const [asked, setAsked] = useState<Asked | null>(null);
  const [address] = useSearchParams();
  const first = address.get("try");
  const [dialog, setDialog] = useState<"try" | "undo" | null>(first === null ? null : "try");
  const [said, setSaid] = useState("");
  const done = (words: string) => {
    setSaid(words);
    setAsked(null);
    setDialog(null);
  };
  const show = (name: string | null) =>
    void navigate(`/s/${id}/branches${name ? `/${encodeURIComponent(name)}` : ""}`);
  const tools = may && (
    <>
      <Button size="compact-xs" variant="default" onClick={() => setDialog("undo")}>
        Take back the last change…
      </Button>
      <Button size="compact-xs" onClick={() => setDialog("try")}>
        Try something…
      </Button>
    </>
  );
  return (
    <Page title="Branches" quiet>
      {said && <Note tone="good">{said}</Note>}
      <Panel title="Branches" note="what is tried beside what runs" tools={tools} flush>
        <Shown query={query} what="The branches">
          {(rows) => (
            <BranchTable
              rows={rows}
              chosen={chosen}
              onChoose={show}
              actions={may ? (row) => <BranchActions row={row} onAsk={setAsked} /> : undefined}
              confirming={asked}
              id={id}
              onClose={() => setAsked(null)}
              onDone={done}
            />
          )}
        </Shown>
      </Panel>
      {chosen && query.data && <CompareView key={chosen} id={id} rows={query.data} name={chosen} />}
      {dialog === "undo" && <UndoDialog id={id} onClose={() => setDialog(null)} onDone={done} />}
      {dialog === "try" && (
        <TrySetDialog
          id={id}
          step={first}
          exposures={address.getAll("exposure")}
          onClose={() => setDialog(null)}
          onDone={(name) => {
            done(`${name} was asked for: it shows here what it makes.`);
            show(name);
          }}
        />
      )}
    </Page>
  );
}
