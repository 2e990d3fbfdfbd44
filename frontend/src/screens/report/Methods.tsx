import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, type ApiError } from "@/api/client";
import { sessionPath } from "@/api/queries";
import { CopyButton } from "../provenance/CopyButton";
import { Panel, Shown } from "@/ui";
import styles from "./record.module.css";

/**
 * How it was done, as a paper says it, with what to cite. It is written when somebody wants it: its
 * numbers are told from every exposure, which takes its time in a long session.
 */
export function Methods({ session }: { session: string }) {
  const [wanted, setWanted] = useState(false);
  const path = sessionPath(session, "/exports/methods");
  const text = useQuery<string, ApiError>({
    queryKey: [path],
    queryFn: ({ signal }) => api.text(path, {}, signal),
    enabled: wanted,
    staleTime: Infinity,
  });
  return (
    <Panel
      title="Methods"
      note="with the numbers of this session, and what to cite"
      tools={text.data !== undefined && <CopyButton text={() => text.data} label="Copy" />}
    >
      {wanted ? (
        <Shown query={text} what="The methods section">
          {(said) => <p className={styles.methods}>{said}</p>}
        </Shown>
      ) : (
        <Button size="compact-sm" variant="default" onClick={() => setWanted(true)}>
          Write the methods section
        </Button>
      )}
    </Panel>
  );
}
