import { Button, NativeSelect } from "@mantine/core";
import { useState } from "react";
import { useNavigate, useParams } from "react-router";
import { sessionPath, useApi } from "@/api/queries";
import { download } from "@/screens/workflow/files";
import { Empty, ErrorNote, Page, Panel, Shown, Wide } from "@/ui";
import table from "@/ui/ui.module.css";
import { fullMoment, plural } from "@/units";
import { Chooser } from "./Chooser";
import { CopyButton } from "./CopyButton";
import { LineageGraph } from "./LineageGraph";
import { ResultDetail } from "./ResultDetail";
import { ancestryText } from "./text";
import type { Ancestry, Provenance } from "./types";
import styles from "./provenance.module.css";

/** Where any output comes from: all that it was made from, with what, how and where. */
export default function ProvenanceScreen() {
  const { id = "", "*": rest = "" } = useParams();
  const navigate = useNavigate();
  const result = /^\d+$/.test(rest) ? Number(rest) : null;
  return (
    <Page title="Provenance" quiet>
      <Chooser id={id} onChoose={(one) => void navigate(`/s/${id}/provenance/${one}`)} />
      {result === null ? <Runs id={id} /> : <Lineage key={result} id={id} result={result} />}
    </Page>
  );
}

function Lineage({ id, result }: { id: string; result: number }) {
  const [each, setEach] = useState(3);
  const query = useApi<Ancestry>(sessionPath(id, `/lineage/${result}`), { each });
  const [chosen, setChosen] = useState(result);
  if (query.error?.status === 404) return <ErrorNote error={query.error} what="No such result" />;
  return (
    <Shown query={query} what="The lineage">
      {(found) => {
        const node = found.nodes.find((one) => one.result === chosen) ?? found.nodes[0];
        return (
          <div className={styles.columns}>
            <Panel
              title={`What result ${result} was made from`}
              note={plural(found.nodes.length, "result")}
              tools={<Tools found={found} each={each} onEach={setEach} />}
              flush
            >
              <LineageGraph found={found} selected={node?.result ?? result} onSelect={setChosen} />
              {found.left_out.length > 0 && (
                <ul className={styles.left}>
                  {found.left_out.map((one) => (
                    <li key={`${one.target} ${one.port}`}>{one.words}</li>
                  ))}
                </ul>
              )}
            </Panel>
            {node && (
              <ResultDetail
                id={id}
                node={node}
                software={found.software[String(node.epoch)] ?? {}}
              />
            )}
          </div>
        );
      }}
    </Shown>
  );
}

interface ToolsProps {
  found: Ancestry;
  each: number;
  onEach: (each: number) => void;
}

function Tools({ found, each, onEach }: ToolsProps) {
  return (
    <>
      <NativeSelect
        size="xs"
        aria-label="Inputs that are followed at each port"
        value={String(each)}
        onChange={(event) => onEach(Number(event.currentTarget.value))}
        data={[3, 12, 60].map((count) => ({
          value: String(count),
          label: `${count} inputs of each`,
        }))}
      />
      <CopyButton text={() => ancestryText(found)} label="Copy all as text" />
      <Button
        size="compact-xs"
        variant="default"
        onClick={() => download(`lineage-${found.result}.json`, JSON.stringify(found, null, 2))}
      >
        Download
      </Button>
    </>
  );
}

/** The session as a whole: which programs ran it, when and where. */
function Runs({ id }: { id: string }) {
  const query = useApi<Provenance>(sessionPath(id, "/provenance"));
  return (
    <Shown query={query} what="The session's provenance">
      {(found) => (
        <Panel
          title="Runs of the session"
          note={[plural(found.results, "result"), found.uid && `identity ${found.uid}`]
            .filter(Boolean)
            .join("; ")}
          tools={
            <Button
              size="compact-xs"
              variant="default"
              onClick={() =>
                download(`${found.session}-provenance.json`, JSON.stringify(found, null, 2))
              }
            >
              Download
            </Button>
          }
          flush
        >
          {found.epochs.length === 0 ? (
            <Empty title="The session has not run yet" />
          ) : (
            <Wide label="Runs">
              <table className={table.table}>
                <thead>
                  <tr>
                    <th>Run</th>
                    <th>Begun</th>
                    <th>Machine</th>
                    <th>Folder</th>
                    <th>Software</th>
                  </tr>
                </thead>
                <tbody>
                  {found.epochs.map((epoch) => (
                    <tr key={epoch.number}>
                      <td>{epoch.number}</td>
                      <td className={styles.nowrap}>{fullMoment(epoch.started)}</td>
                      <td>{epoch.host || epoch.holder}</td>
                      <td className={styles.mono}>{epoch.folder}</td>
                      <td className={styles.mono}>
                        {Object.entries(epoch.software)
                          .map(([name, version]) => `${name} ${version}`)
                          .join(", ")}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Wide>
          )}
        </Panel>
      )}
    </Shown>
  );
}
