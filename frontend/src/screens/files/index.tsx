import { useParams, Link } from "react-router";
import { address } from "@/api/client";
import { sessionPath, useApi } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Empty, Icon, Page, Panel, Shown, Wide } from "@/ui";
import table from "@/ui/ui.module.css";
import { bytes, moment, number, plural } from "@/units";
import { Exports } from "./Exports";
import styles from "./files.module.css";

type Entry = Schemas["SessionFile"];
type Listing = Schemas["FolderListing"];

/** The session's folder, with what each part takes, and ways to take the session along. */
export default function FilesScreen() {
  const { id = "", "*": path = "" } = useParams();
  const query = useApi<Listing>(sessionPath(id, "/files"), { under: path });
  return (
    <Page title="Files" quiet>
      <Exports id={id} />
      <Panel
        title={<Crumbs id={id} path={path} />}
        note={query.data && `${plural(query.data.files, "file")}, ${bytes(query.data.bytes)}`}
        flush
      >
        <Shown query={query} what="The files">
          {(listing) =>
            listing.entries.length === 0 ? (
              <Empty title="This folder is empty" />
            ) : (
              <Wide label="Contents of the folder">
                <table className={table.table}>
                  <thead>
                    <tr>
                      <th>Name</th>
                      <th data-right>Size</th>
                      <th data-right>Files</th>
                      <th data-right>Changed</th>
                    </tr>
                  </thead>
                  <tbody>
                    {listing.entries.map((entry) => (
                      <Line key={entry.path} id={id} entry={entry} most={largest(listing)} />
                    ))}
                  </tbody>
                </table>
                {listing.more > 0 && (
                  <p className={styles.more}>{number(listing.more)} more are not listed.</p>
                )}
              </Wide>
            )
          }
        </Shown>
      </Panel>
    </Page>
  );
}

const largest = (listing: Listing): number =>
  Math.max(1, ...listing.entries.map((one) => one.bytes));

function Line({ id, entry, most }: { id: string; entry: Entry; most: number }) {
  const folder = entry.kind === "folder";
  return (
    <tr>
      <td>
        <span className={styles.name}>
          <Icon name={folder ? "folder" : entry.kind === "link" ? "link" : "file"} size={14} />
          {folder ? (
            <Link to={`/s/${id}/files/${encoded(entry.path)}`}>{entry.name}</Link>
          ) : entry.kind === "file" ? (
            <a href={address(sessionPath(id, "/files/download"), { path: entry.path })} download>
              {entry.name}
            </a>
          ) : (
            <span>{entry.name} (leads out of the session)</span>
          )}
        </span>
      </td>
      <td data-right>
        <span className={styles.size}>
          <span className={styles.share} style={{ width: `${(100 * entry.bytes) / most}%` }} />
          {bytes(entry.bytes)}
        </span>
      </td>
      <td data-right>{folder ? number(entry.files) : ""}</td>
      <td data-right>{moment(entry.changed)}</td>
    </tr>
  );
}

const encoded = (path: string): string => path.split("/").map(encodeURIComponent).join("/");

function Crumbs({ id, path }: { id: string; path: string }) {
  const parts = path.split("/").filter(Boolean);
  return (
    <nav aria-label="Folder" className={styles.crumbs}>
      <Link to={`/s/${id}/files`}>session</Link>
      {parts.map((part, index) => (
        <span key={parts.slice(0, index + 1).join("/")}>
          {" / "}
          {index + 1 < parts.length ? (
            <Link to={`/s/${id}/files/${encoded(parts.slice(0, index + 1).join("/"))}`}>
              {part}
            </Link>
          ) : (
            part
          )}
        </span>
      ))}
    </nav>
  );
}
