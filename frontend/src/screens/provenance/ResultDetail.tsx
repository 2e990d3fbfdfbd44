import { Link } from "react-router";
import table from "@/ui/ui.module.css";
import { Panel } from "@/ui";
import { address } from "@/api/client";
import { sessionPath } from "@/api/queries";
import { bytes, duration, fullMoment } from "@/units";
import { shown } from "@/workflow/changes";
import { CopyButton } from "./CopyButton";
import { ancestorText, byHandText, spentText } from "./text";
import type { Ancestor } from "./types";
import styles from "./provenance.module.css";

interface DetailProps {
  id: string;
  node: Ancestor;
  software: Record<string, string>;
}

/** How one result was made: program, version, parameters, command line, files. */
export function ResultDetail({ id, node, software }: DetailProps) {
  const parameters = Object.entries(node.parameters);
  return (
    <Panel
      title={`${node.step}, result ${node.result}`}
      tools={<CopyButton text={() => ancestorText(node, software)} label="Copy as text" />}
    >
      <dl className={styles.facts}>
        <dt>About</dt>
        <dd>
          {node.exposure ? (
            <Link to={`/s/${id}/exposures/${encodeURIComponent(node.exposure)}`}>
              {node.exposure}
            </Link>
          ) : (
            node.subject
          )}
        </dd>
        <dt>Protocol</dt>
        <dd>
          {node.title} <code>{node.protocol}</code>, version {node.version}; revision{" "}
          {node.revision} of the step
        </dd>
        {node.by_hand && (
          <>
            <dt>By hand</dt>
            <dd>{byHandText(node.by_hand)}</dd>
          </>
        )}
        <dt>Made</dt>
        <dd>
          {fullMoment(node.finished)} in {duration(node.seconds)} on{" "}
          {node.host || "an unknown machine"}, run {node.epoch}
        </dd>
        {spentText(node) && (
          <>
            <dt>Took</dt>
            <dd>{spentText(node)}</dd>
          </>
        )}
      </dl>
      {node.command && (
        <>
          <h3 className={styles.part}>Command line</h3>
          <pre className={styles.command} tabIndex={0}>
            {node.command}
          </pre>
        </>
      )}
      {parameters.length > 0 && (
        <>
          <h3 className={styles.part}>Parameters</h3>
          <table className={table.table}>
            <tbody>
              {parameters.map(([name, value]) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td className={styles.mono}>{shown(value)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
      {node.files.length > 0 && (
        <>
          <h3 className={styles.part}>Files</h3>
          <ul className={styles.files}>
            {node.files.map((file) => (
              <li key={file.path}>
                {file.path.startsWith("/") ? (
                  file.path
                ) : (
                  <a href={address(sessionPath(id, "/files/download"), { path: file.path })}>
                    {file.path}
                  </a>
                )}{" "}
                <span className={styles.quiet}>{bytes(file.bytes)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      {Object.keys(software).length > 0 && (
        <details className={styles.software}>
          <summary>Software of run {node.epoch}</summary>
          <p className={styles.mono}>
            {Object.entries(software)
              .map(([name, version]) => `${name} ${version}`)
              .join(", ")}
          </p>
        </details>
      )}
    </Panel>
  );
}
