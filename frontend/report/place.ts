// Addresses within the report, which people can send to each other; all stand behind the `#`.

import { readFilters, type Filters } from "@/screens/exposures/filters";

/** What an address leads to. */
export interface Place {
  /** Part of the page; null: its beginning, or wherever the reader is. */
  part: string | null;
  /** One exposure in full, by number or by name. */
  number: number | null;
  name: string | null;
  /** Of the table, where the address says. */
  filters: Filters | null;
  /** The trends of the last exposures alone. */
  recent: boolean;
}

const NOWHERE: Place = { part: null, number: null, name: null, filters: null, recent: false };

/** What the application calls its screens, and the page its parts. */
const SCREENS: Readonly<Record<string, string>> = {
  alerts: "alerts",
  classes: "classes",
  map: "maps",
  workflow: "workflow",
};
const STATES: Readonly<Record<string, string>> = { "in-progress": "pending" };

/** The place of an address: #workflow, #exposure-12, #show-rejected, #recent, and those of links. */
export function placeOf(pathname: string, search: string): Place {
  const [first = "", , screen = "", ...rest] = pathname.split("/").slice(1);
  const query = new URLSearchParams(search);
  if (first === "s" && screen === "exposures") {
    const name = rest.length > 0 ? decodeURIComponent(rest.join("/")) : null;
    // Beside the table, whose filters say what is next to it.
    if (name) return { ...NOWHERE, name };
    return { ...NOWHERE, part: "exposures", filters: readFilters(query) };
  }
  if (first === "s") return { ...NOWHERE, part: SCREENS[screen] ?? null };
  const numbered = /^exposure-(\d+)$/.exec(first);
  if (numbered) return { ...NOWHERE, number: Number(numbered[1]) };
  const shown = /^show-([a-z-]+)$/.exec(first)?.[1];
  if (shown) {
    const filters = readFilters(new URLSearchParams({ state: STATES[shown] ?? shown }));
    return { ...NOWHERE, part: "exposures", filters };
  }
  if (first === "recent") return { ...NOWHERE, part: "trends", recent: true };
  return { ...NOWHERE, part: first || null };
}
