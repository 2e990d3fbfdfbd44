import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";
import { Empty, ErrorNote } from "@/ui";
import type { Quality } from "../measured/types";
import styles from "./table.module.css";
import { HeadRow, columnTemplate } from "./HeadRow";
import { commandOf, type Command, type Cursor } from "./keys";
import { Row } from "./Row";
import type { Filters } from "./filters";
import type { ExposureRow } from "./types";

const ROW = 30;

export interface TableRows {
  matching: number;
  rowAt: (at: number) => ExposureRow | undefined;
  error: Error | null;
  loading: boolean;
  stale: boolean;
  again: () => void;
}

interface Props {
  rows: TableRows;
  qualities: readonly Quality[];
  filters: Filters;
  cursor: Cursor;
  filtered: boolean;
  onSort: (column: string) => void;
  onSeen: (first: number, last: number) => void;
  onCommand: (command: Command) => void;
  onOpen: (name: string) => void;
  onKey: (key: string) => boolean;
  /** Nothing can be marked where nothing can be decided. */
  readOnly?: boolean;
}

/** The exposures as rows, of which only those on the screen are in the page. */
export function Table(props: Props) {
  const { rows, qualities, filters, cursor, onCommand, onOpen, onSeen } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [narrow, setNarrow] = useState(false);
  // The compiler leaves this component as it is, since its rows change without its knowing.
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtual = useVirtualizer({
    count: rows.matching,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 8,
  });
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => onSeen(first, last), [first, last, onSeen]);
  useEffect(() => {
    if (cursor.at >= 0) virtual.scrollToIndex(cursor.at, { align: "auto" });
    // Only where the cursor moved: a person who scrolls away is not pulled back.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [cursor.at]);
  useEffect(() => {
    const box = scroller.current;
    if (!box) return;
    const size = new ResizeObserver(([entry]) =>
      setNarrow((entry?.contentRect.width ?? 999) < 520),
    );
    size.observe(box);
    return () => size.disconnect();
  }, []);
  const template = columnTemplate(qualities.length, narrow, props.readOnly);
  return (
    <div
      ref={scroller}
      className={styles.scroller}
      role="grid"
      tabIndex={0}
      aria-label="Exposures"
      aria-rowcount={rows.matching + 1}
      aria-multiselectable={!props.readOnly}
      aria-activedescendant={cursor.at >= 0 ? `exposure-${cursor.at}` : undefined}
      data-stale={rows.stale || undefined}
      onKeyDown={(event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const name = rows.rowAt(cursor.at)?.name;
        const command = commandOf(event.key, event.shiftKey, Math.max(1, last - first - 16));
        if (command) onCommand(command);
        else if (event.key === "Enter" && name) onOpen(name);
        else if (!props.onKey(event.key)) return;
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      <HeadRow
        qualities={qualities}
        filters={filters}
        template={template}
        onSort={props.onSort}
        readOnly={props.readOnly}
      />
      {rows.error && rows.matching === 0 ? (
        <ErrorNote error={rows.error} what="The exposures cannot be shown" again={rows.again} />
      ) : rows.matching === 0 && !rows.loading ? (
        <Empty title={props.filtered ? "No exposure matches" : "No exposure yet"}>
          {props.filtered
            ? "Take a filter away to see more."
            : "The first one shows here as soon as the microscope brings it."}
        </Empty>
      ) : (
        <div role="rowgroup" className={styles.body} style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => (
            <Row
              key={item.index}
              at={item.index}
              top={item.start}
              height={ROW}
              row={rows.rowAt(item.index)}
              qualities={qualities}
              template={template}
              current={cursor.at === item.index}
              isMarked={cursor.marked.has(rows.rowAt(item.index)?.name ?? "")}
              readOnly={props.readOnly}
              onCommand={onCommand}
              onOpen={onOpen}
            />
          ))}
        </div>
      )}
    </div>
  );
}
