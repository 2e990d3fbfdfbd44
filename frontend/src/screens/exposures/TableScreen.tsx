import { Button } from "@mantine/core";
import { useCallback, useMemo, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { useFreshSession } from "@/api/live";
import { useMay } from "@/api/queries";
import { Page, Panel, useKeys } from "@/ui";
import { plural } from "@/units";
import type { Quality } from "../measured/types";
import { useQualities } from "../measured/useMeasured";
import { useSession } from "../measured/useSession";
import { exposureHref } from "./addresses";
import { keepColumns, readColumns } from "./chosen";
import { DecideDialog } from "./DecideDialog";
import { FilterBar } from "./FilterBar";
import { filterQuery, isFiltered, readFilters, sortedBy, withWhere, type Filters } from "./filters";
import { NOTHING, chosen as chosenNames, step, type Command, type Cursor, type Rows } from "./keys";
import { LimitsPanel } from "./LimitsPanel";
import styles from "./screen.module.css";
import { Table } from "./Table";
import { useDecide } from "./useDecide";
import { useRows } from "./useRows";

const FRESH = ["/exposures", "/qualities", "/histograms"] as const;
const NONE: readonly Quality[] = [];

/** All exposures: find, sort, limit, accept and reject them. */
export function TableScreen() {
  const { id, branch } = useSession();
  useFreshSession(id, FRESH);
  const [query, setQuery] = useSearchParams();
  const filters = useMemo(() => readFilters(query), [query]);
  const qualities = useQualities(id, branch).data ?? NONE;
  const [kept, setKept] = useState<string[] | null>(null);
  const [limits, setLimits] = useState(false);
  const shown = useMemo(
    () =>
      kept ??
      readColumns(
        localStorage,
        qualities.map(({ name }) => name),
      ),
    [kept, qualities],
  );
  const columns = useMemo(
    () => qualities.filter(({ name }) => shown.includes(name)),
    [qualities, shown],
  );
  const [seen, setSeen] = useState<readonly [number, number]>([0, 40]);
  const rows = useRows(id, branch, filters, seen[0], seen[1]);
  const { cursor, command, clear, names } = useCursor(rows);
  const decide = useDecide(id, clear);
  const navigate = useNavigate();
  const may = useMay("operator");
  const setFilters = useCallback(
    (next: Filters) => {
      const pairs = filterQuery(next);
      if (branch) pairs.set("branch", branch);
      setQuery(pairs, { replace: true });
    },
    [branch, setQuery],
  );
  const open = useCallback(
    (name: string) =>
      void navigate(exposureHref(id, name, branch, filterQuery(filters).toString())),
    [id, branch, filters, navigate],
  );
  const onSeen = useCallback((first: number, last: number) => setSeen([first, last]), []);
  const act = (key: string): boolean => {
    if (!may || (key !== "a" && key !== "r")) return false;
    decide.open(key === "a" ? "accept" : "reject", names());
    return true;
  };
  useTableKeys(act, command, () => setLimits((now) => !now));
  return (
    <Page title="Exposures" quiet>
      {limits && (
        <LimitsPanel
          session={id}
          branch={branch}
          qualities={columns}
          onFilter={(quality, asked) => {
            const scale = qualities.find(({ name }) => name === quality)?.scale ?? 1;
            const stored = (value: number | null) => (value === null ? null : value / scale);
            setFilters(
              withWhere(filters, { quality, low: stored(asked.low), high: stored(asked.high) }),
            );
          }}
        />
      )}
      <Panel flush>
        <FilterBar
          filters={filters}
          qualities={qualities}
          chosen={shown}
          onFilters={setFilters}
          onChosen={(next) => {
            setKept(next);
            keepColumns(localStorage, next);
          }}
          matching={rows.matching}
          total={rows.total}
        />
        <Actions
          count={cursor.marked.size}
          may={may}
          limits={limits}
          onLimits={() => setLimits((now) => !now)}
          onAct={act}
          onClear={clear}
        />
        <Table
          rows={rows}
          qualities={columns}
          filters={filters}
          cursor={cursor}
          filtered={isFiltered(filters)}
          onSort={(column) => setFilters(sortedBy(filters, column))}
          onSeen={onSeen}
          onCommand={command}
          onOpen={open}
          onKey={act}
        />
      </Panel>
      <DecideDialog decide={decide} />
    </Page>
  );
}

function useCursor(rows: ReturnType<typeof useRows>) {
  const [cursor, setCursor] = useState<Cursor>(NOTHING);
  const { matching, rowAt } = rows;
  const view: Rows = { total: matching, nameAt: (at) => rowAt(at)?.name };
  return {
    cursor,
    command: (one: Command): void => setCursor((now) => step(now, view, one)),
    clear: (): void => setCursor((now) => ({ ...now, marked: new Set() })),
    names: (): string[] => chosenNames(cursor, view),
  };
}

function useTableKeys(
  act: (key: string) => boolean,
  command: (one: Command) => void,
  limits: () => void,
): void {
  const move =
    (by: number, extend = false) =>
    () =>
      command({ kind: "move", by, extend });
  useKeys("Exposures", {
    j: { what: "Next exposure", do: move(1) },
    k: { what: "Exposure before", do: move(-1) },
    J: { what: "Mark and go on", do: move(1, true) },
    K: { what: "Mark and go back", do: move(-1, true) },
    " ": { what: "Mark, or take the mark away", do: () => command({ kind: "toggle" }) },
    a: { what: "Accept what is marked, with a reason", do: () => act("a") },
    r: { what: "Reject what is marked, with a reason", do: () => act("r") },
    Escape: { what: "Take all marks away", do: () => command({ kind: "clear" }) },
    L: { what: "Show or hide the limits", do: limits },
  });
}

interface ActionsProps {
  count: number;
  may: boolean;
  limits: boolean;
  onLimits: () => void;
  onAct: (key: string) => boolean;
  onClear: () => void;
}

function Actions({ count, may, limits, onLimits, onAct, onClear }: ActionsProps) {
  return (
    <div className={styles.actions}>
      <Button size="compact-sm" variant="default" aria-expanded={limits} onClick={onLimits}>
        {limits ? "Hide the limits" : "Limits"}
      </Button>
      <span className={styles.quiet} role="status">
        {count > 0 && `${plural(count, "exposure")} marked`}
      </span>
      {count === 0 && (
        <span className={`${styles.quiet} ${styles.keys}`}>
          j k to move, space to mark, a r to decide, ? for all keys
        </span>
      )}
      <span className={styles.push} />
      {count > 0 && (
        <Button size="compact-sm" variant="default" onClick={onClear}>
          Clear marks
        </Button>
      )}
      {may && (
        <>
          <Button size="compact-sm" variant="default" onClick={() => onAct("a")}>
            Accept
          </Button>
          <Button size="compact-sm" variant="default" onClick={() => onAct("r")}>
            Reject
          </Button>
        </>
      )}
    </div>
  );
}
