import { Button } from "@mantine/core";
import { Link } from "react-router";
import { plural } from "@/units";
import { tableHref } from "../exposures/addresses";
import { brushQuery, isEmpty, type Brush } from "../measured/brush";
import styles from "./live.module.css";

interface Props {
  session: string;
  branch: string;
  brush: Brush | null;
  count: number;
  onClear: () => void;
}

/** What is marked, and the way to the table of it; its place is always there, so nothing jumps. */
export function Marked({ session, branch, brush, count, onClear }: Props) {
  if (brush === null || isEmpty(brush)) return null;
  return (
    <div className={styles.marked} role="status">
      <span>{plural(count, "exposure")} marked</span>
      <Button size="compact-sm" component={Link} to={tableHref(session, brushQuery(brush), branch)}>
        Open in the table
      </Button>
      <Button size="compact-sm" variant="default" onClick={onClear}>
        Clear
      </Button>
    </div>
  );
}
