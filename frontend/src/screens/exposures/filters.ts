// Filters and sorting of the table, kept in the address so that a view can be sent to a colleague.

export interface Where {
  quality: string;
  /** As stored; null: open. */
  low: number | null;
  high: number | null;
}

export interface Filters {
  search: string;
  states: readonly string[];
  where: readonly Where[];
  squares: readonly string[];
  alert: string;
  sort: string;
  descending: boolean;
}

export const STATES = ["pending", "accepted", "rejected", "failed"] as const;

export const NO_FILTERS: Filters = {
  search: "",
  states: [],
  where: [],
  squares: [],
  alert: "",
  sort: "number",
  descending: true,
};

const end = (text: string | undefined): number | null => {
  if (text === undefined || text === "") return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
};

function readWhere(text: string): Where | null {
  const parts = text.split(":");
  if (parts.length !== 3 || !parts[0]) return null;
  const where = { quality: parts[0], low: end(parts[1]), high: end(parts[2]) };
  return where.low === null && where.high === null ? null : where;
}

/** Filters from the part of the address after the question mark; what cannot be read is left out. */
export function readFilters(query: URLSearchParams): Filters {
  return {
    search: query.get("search") ?? "",
    states: query.getAll("state").filter((state) => (STATES as readonly string[]).includes(state)),
    where: query
      .getAll("where")
      .map(readWhere)
      .filter((where) => where !== null),
    squares: query.getAll("square"),
    alert: query.get("alert") ?? "",
    sort: query.get("sort") ?? NO_FILTERS.sort,
    descending: query.has("sort") ? query.get("descending") === "true" : NO_FILTERS.descending,
  };
}

const text = (value: number | null): string => (value === null ? "" : String(value));

/** What the server and the address take; what is as usual is left out. */
export function filterQuery(filters: Filters): URLSearchParams {
  const query = new URLSearchParams();
  if (filters.search) query.set("search", filters.search);
  for (const state of filters.states) query.append("state", state);
  for (const { quality, low, high } of filters.where) {
    query.append("where", `${quality}:${text(low)}:${text(high)}`);
  }
  for (const square of filters.squares) query.append("square", square);
  if (filters.alert) query.set("alert", filters.alert);
  if (filters.sort !== NO_FILTERS.sort || filters.descending !== NO_FILTERS.descending) {
    query.set("sort", filters.sort);
    query.set("descending", String(filters.descending));
  }
  return query;
}

/** Whether anything is left out of the table. */
export const isFiltered = (filters: Filters): boolean =>
  Boolean(filters.search || filters.alert) ||
  filters.states.length + filters.where.length + filters.squares.length > 0;

/** The filters with that of one quality replaced; both ends open take it away. */
export function withWhere(filters: Filters, where: Where): Filters {
  const others = filters.where.filter((each) => each.quality !== where.quality);
  const kept = where.low === null && where.high === null ? others : [...others, where];
  return { ...filters, where: kept };
}

/** Pressing the head of a column: sort by it, then the other way around. */
export function sortedBy(filters: Filters, column: string): Filters {
  if (filters.sort === column) return { ...filters, descending: !filters.descending };
  return { ...filters, sort: column, descending: column === "number" || column === "found" };
}
