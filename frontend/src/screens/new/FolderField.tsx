import { ActionIcon, Button, Modal, TextInput, Tooltip } from "@mantine/core";
import { useState } from "react";
import { useApi } from "@/api/queries";
import type { BrowsedFolder } from "@/api/types";
import { Empty, Icon, Loading, Shown } from "@/ui";
import { bytes, number, plural } from "@/units";
import styles from "./new.module.css";

interface FolderFieldProps {
  label: string;
  description: string;
  value: string;
  onChange: (path: string) => void;
  /** On the button that takes a folder. */
  verb: string;
  /** Added to the folder that is chosen, for one that is to be made. */
  below?: string;
}

/** A path on the server, typed or chosen. */
export function FolderField(props: FolderFieldProps) {
  const { label, description, value, onChange, verb, below } = props;
  const [opened, setOpened] = useState(false);
  return (
    <>
      <TextInput
        label={label}
        description={description}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        spellCheck={false}
        classNames={{ input: styles.path }}
        rightSection={
          <Tooltip label="Choose a folder">
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`Choose: ${label}`}
              onClick={() => setOpened(true)}
            >
              <Icon name="folder" />
            </ActionIcon>
          </Tooltip>
        }
      />
      <Modal opened={opened} onClose={() => setOpened(false)} title={label} size="lg">
        {opened && (
          <Browser
            start={/^[^*?[]*\//.exec(value)?.[0] ?? value}
            verb={verb}
            onTake={(path) => {
              onChange(below ? `${path.replace(/\/$/, "")}/${below}` : path);
              setOpened(false);
            }}
          />
        )}
      </Modal>
    </>
  );
}

interface BrowserProps {
  start: string;
  verb: string;
  onTake: (path: string) => void;
}

/** The server's folders, below the roots that it was started with. */
function Browser({ start, verb, onTake }: BrowserProps) {
  const first = start.replace(/(.)\/$/, "$1");
  const [path, setPath] = useState(first);
  const listing = useApi<BrowsedFolder>("/folders", { path });
  // A path that was typed and is not there: begin at the roots instead.
  if (listing.isError && path !== "" && path === first) setPath("");
  return (
    <div className={styles.browser}>
      <Crumbs path={listing.data?.path ?? path} onGo={setPath} />
      <Shown query={listing} what="This folder" loading={<Loading lines={8} height={20} />}>
        {(folder) => (
          <>
            <ul className={styles.entries} data-old={listing.isPlaceholderData || undefined}>
              {folder.parent !== null && (
                <li>
                  <button type="button" onClick={() => setPath(folder.parent ?? "")}>
                    <Icon name="up" size={14} /> ..
                  </button>
                </li>
              )}
              {folder.entries.map((entry) => (
                <li key={entry.path}>
                  {entry.kind !== "file" ? (
                    <button type="button" onClick={() => setPath(entry.path)}>
                      <Icon name="folder" size={14} /> {entry.name}
                      {entry.kind === "session" && <span className={styles.size}>a session</span>}
                    </button>
                  ) : (
                    <span className={styles.file}>
                      <Icon name="file" size={14} /> {entry.name}
                      <span className={styles.size}>{bytes(entry.bytes)}</span>
                    </span>
                  )}
                </li>
              ))}
            </ul>
            {folder.entries.length === 0 && <Empty title="Nothing in this folder" />}
            {folder.more && <p className={styles.quiet}>There is more than is listed.</p>}
            <div className={styles.buttons}>
              <Button disabled={folder.path === ""} onClick={() => onTake(folder.path)}>
                {verb}
              </Button>
              {folder.movies > 0 && (
                <span className={styles.quiet}>{plural(folder.movies, "movie")} right here</span>
              )}
            </div>
          </>
        )}
      </Shown>
    </div>
  );
}

function Crumbs({ path, onGo }: { path: string; onGo: (path: string) => void }) {
  const parts = path.split("/").filter(Boolean);
  return (
    <nav className={styles.crumbs} aria-label="Folder">
      <button type="button" onClick={() => onGo("")}>
        Folders of this server
      </button>
      {parts.map((part, index) => (
        <span key={`${number(index)} ${part}`}>
          <span aria-hidden="true">/</span>
          <button type="button" onClick={() => onGo(`/${parts.slice(0, index + 1).join("/")}`)}>
            {part}
          </button>
        </span>
      ))}
    </nav>
  );
}
