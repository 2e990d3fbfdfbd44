import { useMemo } from "react";
import { sessionPath, useApi } from "@/api/queries";
import type { Schemas } from "@/api/types";
import type { Columns, Quality, StateLetter } from "./types";

/** Points of one plot: more are not told apart, and cost time at every update. */
const MOST = 3000;

/** Qualities of the session, in the order of the page. */
export const useQualities = (session: string, branch: string) =>
  useApi<Quality[]>(sessionPath(session, "/qualities"), { branch });

/** Columns of exposures for plots, thinned out by the server where there are many. */
export function useColumns(session: string, branch: string, names: readonly string[]) {
  const answer = useApi<Schemas["ColumnsForPlot"]>(
    sessionPath(session, "/columns"),
    { names: ["time", "square", ...names].join(","), most: MOST, branch },
    { enabled: names.length > 0 },
  );
  const { data } = answer;
  const columns = useMemo<Columns | null>(() => {
    if (!data) return null;
    // A dash is an exposure that this branch does not have.
    const there = [...data.state].flatMap((letter, index) => (letter === "-" ? [] : [index]));
    const pick = <T>(values: readonly T[]): T[] => there.map((index) => values[index] as T);
    const { time = [], ...measured } = data.columns;
    return {
      number: pick(data.number),
      state: pick([...data.state]) as StateLetter[],
      time: pick(time).map((value) => value ?? 0),
      columns: Object.fromEntries(
        Object.entries(measured).map(([name, values]) => [name, pick(values)]),
      ),
      square: pick(data.square ?? []).map((at) => data.squares?.[at ?? -1] ?? ""),
      total: data.total,
      shown: data.shown,
    };
  }, [data]);
  return { ...answer, columns };
}
