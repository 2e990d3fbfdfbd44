import { useState } from "react";
import { useFreshSession } from "@/api/live";
import { sessionPath, useApi } from "@/api/queries";
import { Page, Shown } from "@/ui";
import type { Live } from "../live/types";
import { useSession } from "../measured/useSession";
import { Take } from "./Take";
import { Whole } from "./Whole";

const FRESH = [
  "/live",
  "/trends",
  "/told",
  "/timeline",
  "/decisions",
  "/agreement",
  "/groups",
  "/seen",
] as const;

/**
 * The session as it is read afterwards and by others: what no screen for the night shows, and ways
 * to take it along.
 */
export default function ReportScreen() {
  const { id, branch } = useSession();
  useFreshSession(id, FRESH);
  const live = useApi<Live>(sessionPath(id, "/live"), { branch });
  const [recent, setRecent] = useState(false);
  return (
    <Page title="Report" quiet>
      <Take session={id} />
      <Shown query={live} what="The session">
        {(told) => (
          <Whole
            key={branch}
            session={id}
            branch={branch}
            live={told}
            recent={recent}
            onRecent={setRecent}
          />
        )}
      </Shown>
    </Page>
  );
}
