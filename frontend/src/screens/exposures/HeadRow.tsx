import { Tooltip } from "@mantine/core";
import { limitWords } from "../measured/shown";
import type { Quality } from "../measured/types";
import type { Filters } from "./filters";
import styles from "./table.module.css";

interface Props {
  qualities: readonly Quality[];
  filters: Filters;
  template: string;
  onSort: (column: string) => void;
  readOnly?: boolean;
}

const FIXED: readonly [column: string, title: string, means: string][] = [
  ["number", "No.", "In order of arrival, from 1; the number that the command line takes."],
  ["state", "State", "Accepted, rejected or failed; a person's decision has a mark."],
  ["name", "Name", "Name of the exposure, from its file."],
  ["found", "Time", "When it was taken."],
];

/** Widths of the columns: the name takes what is left. */
export function columnTemplate(qualities: number, narrow: boolean, readOnly = false): string {
  const name = narrow ? "minmax(120px, 1fr)" : "minmax(180px, 1.6fr)";
  const values = qualities > 0 ? ` repeat(${qualities}, minmax(120px, 0.5fr))` : "";
  return `${readOnly ? "" : "30px "}76px 96px ${name} 108px${values}`;
}

/** The head stays in sight; pressing one sorts by it. */
export function HeadRow({ qualities, filters, template, onSort, readOnly }: Props) {
  const ordered = (column: string): "ascending" | "descending" | "none" => {
    if (filters.sort !== column) return "none";
    return filters.descending ? "descending" : "ascending";
  };
  const head = (column: string, title: string, unit: string, means: string) => (
    <div
      key={column}
      role="columnheader"
      aria-sort={ordered(column)}
      className={styles.head}
      data-right={column.includes(".") || column === "number" || undefined}
    >
      <Tooltip label={means}>
        <button type="button" onClick={() => onSort(column)} disabled={column === "state"}>
          {title}
          {unit && <span className={styles.unit}> / {unit}</span>}
          <span aria-hidden="true">
            {ordered(column) === "none" ? "" : filters.descending ? " ↓" : " ↑"}
          </span>
        </button>
      </Tooltip>
    </div>
  );
  return (
    <div role="row" className={styles.headRow} style={{ gridTemplateColumns: template }}>
      {!readOnly && (
        <div role="columnheader" className={styles.head}>
          <span className="visually-hidden">Marked</span>
        </div>
      )}
      {FIXED.map(([column, title, means]) => head(column, title, "", means))}
      {qualities.map((quality) =>
        head(
          quality.name,
          quality.short,
          quality.unit,
          [quality.title, quality.meaning, limitWords(quality)].filter(Boolean).join("; "),
        ),
      )}
    </div>
  );
}
