import { memo, type MouseEvent } from "react";
import { StateBadge } from "@/ui";
import { fullMoment, moment, number } from "@/units";
import { breach } from "../measured/limits";
import { shownNumber } from "../measured/shown";
import { stateWord, type Quality } from "../measured/types";
import type { Command } from "./keys";
import styles from "./table.module.css";
import type { ExposureRow } from "./types";

interface Props {
  at: number;
  top: number;
  height: number;
  row: ExposureRow | undefined;
  qualities: readonly Quality[];
  template: string;
  current: boolean;
  isMarked: boolean;
  readOnly?: boolean;
  onCommand: (command: Command) => void;
  onOpen: (name: string) => void;
}

/** One exposure; memoized, since scrolling draws the others anew. */
export const Row = memo(function Row(props: Props) {
  const {
    at,
    top,
    height,
    row,
    qualities,
    template,
    current,
    isMarked,
    readOnly,
    onCommand,
    onOpen,
  } = props;
  const press = (event: MouseEvent): void => {
    const add = event.ctrlKey || event.metaKey;
    onCommand({ kind: "press", at, extend: event.shiftKey, add });
  };
  return (
    <div
      role="row"
      id={`exposure-${at}`}
      aria-rowindex={at + 2}
      aria-selected={isMarked}
      className={styles.row}
      data-current={current || undefined}
      style={{ top, height, gridTemplateColumns: template }}
      onClick={press}
      onDoubleClick={() => row && onOpen(row.name)}
    >
      {!readOnly && (
        <div role="gridcell" className={styles.mark}>
          <button
            type="button"
            tabIndex={-1}
            aria-label={isMarked ? "Take the mark away" : "Mark"}
            onClick={(event) => {
              event.stopPropagation();
              onCommand({ kind: "press", at, extend: event.shiftKey, add: !event.shiftKey });
            }}
          >
            <span data-on={isMarked || undefined} />
          </button>
        </div>
      )}
      {row ? (
        <Cells row={row} qualities={qualities} onOpen={onOpen} />
      ) : (
        <div role="gridcell" className={styles.waiting} />
      )}
    </div>
  );
});

/** Characters: the end of a name tells exposures apart, and is never cut. */
const ENDING = 7;

function Cells({
  row,
  qualities,
  onOpen,
}: {
  row: ExposureRow;
  qualities: readonly Quality[];
  onOpen: (name: string) => void;
}) {
  const taken = row.time ?? row.found;
  return (
    <>
      <div role="gridcell" data-right>
        {number(row.number)}
      </div>
      <div role="gridcell" title={row.reasons.join("; ") || undefined}>
        <StateBadge state={row.state} label={stateWord(row.state)} />
        {row.decision && (
          <span
            className={styles.person}
            title={`${row.decision.who}${row.decision.why ? `: ${row.decision.why}` : ""}`}
          >
            {" "}
            by hand
          </span>
        )}
      </div>
      <div role="gridcell" className={styles.name}>
        <button
          type="button"
          tabIndex={-1}
          title={row.name}
          aria-label={row.name}
          onClick={(event) => {
            event.stopPropagation();
            onOpen(row.name);
          }}
        >
          <span>{row.name.slice(0, -ENDING)}</span>
          <span>{row.name.slice(-ENDING)}</span>
        </button>
        {row.reasons.length > 0 && <span className={styles.reason}>{row.reasons.join("; ")}</span>}
      </div>
      <div role="gridcell" title={fullMoment(taken)} className={styles.time}>
        {moment(taken)}
      </div>
      {qualities.map((quality) => {
        const value = row.qualities[quality.name] ?? null;
        const beyond = breach(value === null ? null : value * quality.scale, quality.limits);
        return (
          <div key={quality.name} role="gridcell" data-right data-beyond={beyond ?? undefined}>
            {shownNumber(value, quality)}
          </div>
        );
      })}
    </>
  );
}
