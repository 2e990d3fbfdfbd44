import { useQueries, keepPreviousData } from "@tanstack/react-query";
import { useState } from "react";
import { api, type ApiError } from "@/api/client";
import { sessionPath } from "@/api/queries";
import { filterQuery, type Filters } from "./filters";
import { PAGE, pagesFor } from "./pages";
import type { ExposurePage, ExposureRow } from "./types";

/** What the server takes for the filters of the table. */
export function serverQuery(filters: Filters, branch: string): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {
    sort: filters.sort,
    descending: String(filters.descending),
  };
  for (const [name, value] of filterQuery(filters)) {
    if (name === "sort" || name === "descending") continue;
    const before = query[name];
    query[name] = before === undefined ? [value] : [...before, value];
  }
  if (branch) query["branch"] = branch;
  return query;
}

interface Rows {
  total: number;
  matching: number;
  rowAt: (at: number) => ExposureRow | undefined;
  error: ApiError | null;
  loading: boolean;
  /** Whether what is shown is of the filters before. */
  stale: boolean;
  again: () => void;
}

/** Rows of the table by place: only the pages around what is on the screen are asked for. */
export function useRows(
  session: string,
  branch: string,
  filters: Filters,
  first: number,
  last: number,
): Rows {
  const [before, setBefore] = useState(0);
  const path = sessionPath(session, "/exposures");
  const query = serverQuery(filters, branch);
  const pages = pagesFor(first, last, Math.max(before, 1));
  const answers = useQueries({
    queries: pages.map((page) => ({
      queryKey: [path, query, page],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        api.get<ExposurePage>(path, { ...query, at: page * PAGE, limit: PAGE }, signal),
      placeholderData: page === 0 ? keepPreviousData : undefined,
      staleTime: 30_000,
    })),
  });
  const known = new Map(pages.map((page, index) => [page, answers[index]?.data]));
  const newest = answers.find(({ data }) => data !== undefined)?.data;
  const failed = answers.find(({ error }) => error !== null);
  // Where a page is on its way, the table stays as long as it was, or it would lose its place: it
  // would show its first rows, which are known, grow, return to its place, and so on without end.
  const matching = newest?.matching ?? before;
  if (matching !== before) setBefore(matching);
  return {
    total: newest?.total ?? before,
    matching,
    rowAt: (at) => known.get(Math.floor(at / PAGE))?.rows[at % PAGE],
    error: (failed?.error as ApiError | undefined) ?? null,
    loading: newest === undefined && failed === undefined && before === 0,
    stale: answers.some(({ isPlaceholderData }) => isPlaceholderData),
    again: () => answers.forEach((answer) => void answer.refetch()),
  };
}
