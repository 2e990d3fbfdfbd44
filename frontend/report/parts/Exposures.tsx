import { useCallback, useState } from "react";
import { FilterBar } from "@/screens/exposures/FilterBar";
import { isFiltered, NO_FILTERS, sortedBy, type Filters } from "@/screens/exposures/filters";
import { NOTHING, step, type Command, type Cursor } from "@/screens/exposures/keys";
import { Table } from "@/screens/exposures/Table";
import { useRows } from "@/screens/exposures/useRows";
import type { Quality } from "@/screens/measured/types";
import { Panel } from "@/ui";
import { SESSION } from "../data/answers";
import styles from "../report.module.css";

interface Props {
  qualities: readonly Quality[];
  /** Names of the qualities to begin with. */
  columns: readonly string[];
  filters: Filters | null;
  onFilters: (filters: Filters) => void;
  onOpen: (name: string) => void;
}

/** All exposures: to be found, sorted and opened. */
export function Exposures({ qualities, columns, filters: asked, onFilters, onOpen }: Props) {
  const filters = asked ?? NO_FILTERS;
  const [chosen, setChosen] = useState<readonly string[] | null>(null);
  const [cursor, setCursor] = useState<Cursor>(NOTHING);
  const [seen, setSeen] = useState<readonly [number, number]>([0, 40]);
  const rows = useRows(SESSION, "", filters, seen[0], seen[1]);
  const shown = chosen ?? columns;
  const onSeen = useCallback((first: number, last: number) => setSeen([first, last]), []);
  const view = { total: rows.matching, nameAt: (at: number) => rows.rowAt(at)?.name };
  const command = (one: Command): void =>
    setCursor((now) => ({ ...step(now, view, one), marked: new Set() }));
  return (
    <Panel title="Exposures" flush className={styles.table}>
      <FilterBar
        key={filters.search}
        filters={filters}
        qualities={qualities}
        chosen={shown}
        onFilters={onFilters}
        onChosen={setChosen}
        matching={rows.matching}
        total={rows.total}
      />
      <Table
        readOnly
        rows={rows}
        qualities={qualities.filter(({ name }) => shown.includes(name))}
        filters={filters}
        cursor={cursor}
        filtered={isFiltered(filters)}
        onSort={(column) => onFilters(sortedBy(filters, column))}
        onSeen={onSeen}
        onCommand={command}
        onOpen={onOpen}
        onKey={() => false}
      />
    </Panel>
  );
}
