import { NativeSelect } from "@mantine/core";
import { useMatch, useSearchParams } from "react-router";
import { sessionPath, useApi } from "@/api/queries";
import type { BranchRow } from "@/screens/branches/types";
import { SESSION_SCREENS } from "./screens";
import styles from "./shell.module.css";

/** Which branch the screens show that are of one; only where the session has several. */
export function BranchChooser({ id }: { id: string }) {
  const path = useMatch("/s/:id/*")?.params["*"]?.split("/")[0] ?? "";
  const asked = SESSION_SCREENS.some((screen) => screen.path === path && screen.ofBranch);
  const [query, setQuery] = useSearchParams();
  const rows = useApi<BranchRow[]>(sessionPath(id, "/branches"), {}, { enabled: asked }).data ?? [];
  if (!asked || rows.length < 2) return null;
  const branch = query.get("branch") ?? "";
  const choose = (name: string) => {
    const next = new URLSearchParams(query);
    if (name) next.set("branch", name);
    else next.delete("branch");
    setQuery(next);
  };
  return (
    <NativeSelect
      size="xs"
      className={styles.branch}
      aria-label="Branch that is shown"
      value={rows.some(({ record }) => record.name === branch && !record.adopted) ? branch : ""}
      onChange={(event) => choose(event.currentTarget.value)}
      data={rows.map(({ record: one }) => ({
        value: one.adopted ? "" : one.name,
        label: `${one.name} (${one.adopted ? "adopted" : one.state})`,
      }))}
    />
  );
}
