import { Button, Modal } from "@mantine/core";
import { useState } from "react";
import { address } from "@/api/client";
import { sessionPath, useApi, useMay } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { SharingPanel } from "@/people/SharingPanel";
import { Icon, Note, Panel } from "@/ui";
import styles from "./record.module.css";

/** What is written to be read elsewhere, in this order; everything else is with the files. */
const KINDS = ["pdf", "report", "methods"] as const;

/** The session for those who are not here: on paper, as a folder, on a web server, by a link. */
export function Take({ session }: { session: string }) {
  const kinds = useApi<Schemas["ExportKind"][]>(sessionPath(session, "/exports")).data ?? [];
  const published = useApi<Schemas["PublishedReport"] | null>(
    sessionPath(session, "/published"),
    {},
    { every: 15_000 },
  ).data;
  const operator = useMay("operator");
  const [sharing, setSharing] = useState(false);
  return (
    <Panel title="Take it along" note="each is written while it is downloaded">
      <div className={styles.take}>
        {KINDS.flatMap((name) => kinds.filter((kind) => kind.name === name)).map((kind) => (
          <div key={kind.name}>
            <Button
              component="a"
              href={address(sessionPath(session, `/exports/${kind.name}`))}
              download
              size="xs"
              variant="default"
              leftSection={<Icon name="download" size={14} />}
            >
              {kind.title}
            </Button>
            <p className={styles.quiet}>{kind.summary}</p>
          </div>
        ))}
        {operator && (
          <div>
            <Button
              size="xs"
              variant="default"
              leftSection={<Icon name="link" size={14} />}
              onClick={() => setSharing(true)}
            >
              People and links
            </Button>
            <p className={styles.quiet}>Who sees this session here, with a login or by a link.</p>
          </div>
        )}
      </div>
      {published &&
        (published.failing ? (
          <Note tone="warning">The live report is {published.words}</Note>
        ) : (
          <p className={styles.quiet}>The live report is {published.words}.</p>
        ))}
      <Modal opened={sharing} onClose={() => setSharing(false)} title="Who sees this session">
        {sharing && <SharingPanel id={session} />}
      </Modal>
    </Panel>
  );
}
