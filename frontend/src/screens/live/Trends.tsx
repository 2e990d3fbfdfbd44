import { useNavigate } from "react-router";
import { Empty, Panel } from "@/ui";
import { number, plural } from "@/units";
import { tableHref } from "../exposures/addresses";
import type { Brush } from "../measured/brush";
import type { Columns, Quality } from "../measured/types";
import styles from "./live.module.css";
import { TrendPlot } from "./TrendPlot";

interface Props {
  session: string;
  branch: string;
  qualities: readonly Quality[];
  columns: Columns | null;
  mask: Uint8Array | null;
  onBrush: (brush: Brush | null) => void;
}

/** The six qualities that say most, over time, with their histograms; a brush in one marks all. */
export function Trends({ session, branch, qualities, columns, mask, onBrush }: Props) {
  const navigate = useNavigate();
  const note =
    columns && columns.shown < columns.total
      ? `${number(columns.shown)} of ${plural(columns.total, "exposure")}`
      : "drag over a plot to mark exposures in all";
  return (
    <Panel title="Trends" note={note}>
      {columns && qualities.length > 0 ? (
        <div className={styles.trends}>
          {qualities.map((quality) => (
            <TrendPlot
              key={quality.name}
              quality={quality}
              columns={columns}
              mask={mask}
              onBrush={onBrush}
              onOpen={(at) => {
                void navigate(tableHref(session, `where=number:${at}:${at}`, branch));
              }}
            />
          ))}
        </div>
      ) : (
        <Empty title="Nothing is measured yet">
          Defocus, resolution, motion and what else the steps measure is drawn here over time.
        </Empty>
      )}
    </Panel>
  );
}
