import { DataTable } from "@/ui";
import { number, plural, withUnit } from "@/units";
import { shownNumber } from "../measured/shown";
import type { Quality } from "../measured/types";
import styles from "./live.module.css";
import type { SquareDocument, Squares } from "./squares";

interface Props {
  map: Squares;
  quality: Quality | undefined;
  /** Opened, or with Shift marked, as in the map. */
  onSquare: (name: string, add: boolean) => void;
}

/** All squares as a table: what the map shows, for reading and for the keyboard. */
export function SquaresTable({ map, quality, onSquare }: Props) {
  const accepted = ({ accepted: kept, rejected }: SquareDocument): string =>
    kept + rejected > 0 ? withUnit(number((100 * kept) / (kept + rejected), 1), "%") : "–";
  const median = quality
    ? `${quality.short}, median${quality.unit ? ` / ${quality.unit}` : ""}`
    : "Median";
  return (
    <details className={styles.more}>
      <summary>{plural(map.squares.length, "square")} as a table</summary>
      <DataTable
        label="Squares of the grid"
        rows={map.squares}
        keyOf={({ name }) => name}
        columns={[
          {
            title: "Square",
            cell: ({ name }) => (
              <button
                type="button"
                className={styles.link}
                onClick={(event) => onSquare(name, event.shiftKey)}
              >
                {name || "not named"}
              </button>
            ),
          },
          { title: "Exposures", cell: ({ count }) => number(count), right: true },
          { title: "Accepted", cell: accepted, right: true },
          { title: "Failed", cell: ({ failed }) => number(failed), right: true },
          {
            title: median,
            cell: (one) => (quality ? shownNumber(one.median, quality) : "–"),
            right: true,
          },
        ]}
      />
    </details>
  );
}
