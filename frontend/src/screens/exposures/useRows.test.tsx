import { act, screen, waitFor } from "@testing-library/react";
import { useCallback, useEffect, useState } from "react";
import { expect, test, vi } from "vitest";
import { show } from "@/testing/served";
import { readFilters } from "./filters";
import { PAGE } from "./pages";
import { useRows } from "./useRows";

/** A server whose table is `length` long, and which lets pages wait that are in `held`. */
function served(start: number) {
  const waiting: (() => void)[] = [];
  const table = { length: start, held: new Set<number>(), asked: [] as string[] };
  const answer = (url: string): Promise<Response> => {
    const query = new URL(url, "http://here").searchParams;
    const at = Number(query.get("at"));
    const matching = query.get("search") === "nothing" ? 0 : table.length;
    table.asked.push(`${query.get("search") ?? ""} ${at}`);
    const rows = Array.from({ length: Math.max(0, Math.min(PAGE, matching - at)) }, (_, row) => ({
      number: at + row + 1,
      name: `E${at + row + 1}`,
    }));
    const made = () => new Response(JSON.stringify({ total: table.length, matching, rows }));
    if (!table.held.has(at / PAGE)) return Promise.resolve(made());
    return new Promise((resolve) => waiting.push(() => resolve(made())));
  };
  vi.stubGlobal("fetch", vi.fn(answer));
  return { table, release: () => waiting.splice(0).forEach((one) => one()) };
}

interface Place {
  at: number;
  search?: string;
}

/** Rows at a place, or as many as there are; it says which, as the table does after it is drawn. */
function Table({ at, rows, onSeen }: Pick<Place, "at"> & TableProps) {
  const last = Math.max(0, Math.min(at + 30, rows.matching - 1));
  const first = Math.max(0, Math.min(at, last));
  useEffect(() => onSeen(first, last), [first, last, onSeen]);
  return (
    <output>
      {rows.matching} rows, {rows.rowAt(first)?.name ?? "on its way"}
    </output>
  );
}

interface TableProps {
  rows: ReturnType<typeof useRows>;
  onSeen: (first: number, last: number) => void;
}

/** Puts the screen at another place, or under another filter. */
let change: (place: Place) => void = () => undefined;

function Screen() {
  const [{ at, search }, setPlace] = useState<Place>({ at: 0 });
  const [seen, setSeen] = useState<readonly [number, number]>([0, 40]);
  useEffect(() => {
    change = setPlace;
  }, []);
  const filters = readFilters(new URLSearchParams(search ? { search } : {}));
  const rows = useRows("s1", "", filters, seen[0], seen[1]);
  const onSeen = useCallback((first: number, last: number) => setSeen([first, last]), []);
  return <Table at={at} rows={rows} onSeen={onSeen} />;
}

const said = () => screen.getByRole("status").textContent;

test("the table stays as long as it was while a page far down is on its way", async () => {
  const { table, release } = served(300);
  table.held.add(2);
  show(<Screen />);
  await waitFor(() => expect(said()).toBe("300 rows, E1"));
  act(() => change({ at: 240 }));
  await waitFor(() => expect(table.asked).toContain(" 200"));
  expect(said()).toBe("300 rows, on its way");
  release();
  await waitFor(() => expect(said()).toBe("300 rows, E241"));
});

test("a table that falls to nothing under a filter comes back when that is taken away", async () => {
  served(300);
  show(<Screen />);
  await waitFor(() => expect(said()).toBe("300 rows, E1"));
  act(() => change({ at: 240 }));
  await waitFor(() => expect(said()).toBe("300 rows, E241"));
  act(() => change({ at: 240, search: "nothing" }));
  await waitFor(() => expect(said()).toBe("0 rows, on its way"));
  act(() => change({ at: 240 }));
  await waitFor(() => expect(said()).toBe("300 rows, E241"));
});
