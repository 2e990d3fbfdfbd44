// What components ask of the server at `/api`, answered from the data files.

import { ApiError } from "@/api/failure";
import type { Me } from "@/api/types";
import type { Live, Newest } from "@/screens/live/types";
import type { Quality } from "@/screens/measured/types";
import { exposureAt, pageOf, rowOf, valuesOf } from "./exposures";
import { fileOf, live } from "./files";
import { squaresOf } from "./grid";
import { exposureInFull, picksOf, tracksOf } from "./one";
import { recentColumns } from "./recent";
import type { TrendsFile } from "@/screens/report/types";
import type { LiveFile } from "./types";

/** What the one session of a report is called in addresses. */
export const SESSION = "report";

type Answer = (query: URLSearchParams, name: string) => Promise<unknown>;

const ANSWERS: readonly (readonly [path: RegExp, answer: Answer])[] = [
  [/^\/me$/, () => Promise.resolve(READER)],
  [/^\/live$/, liveView],
  [/^\/qualities$/, qualities],
  [/^\/squares$/, squaresOf],
  [/^\/exposures$/, pageOf],
  [/^\/numbered$/, numbered],
  [/^\/newest$/, newestRows],
  [/^\/columns$/, (query) => recentColumns(Number(query.get("most")))],
  [/^\/exposures\/([^/]+)$/, (_query, name) => exposureInFull(name)],
  [/^\/exposures\/([^/]+)\/tracks$/, (_query, name) => tracksOf(name)],
  [/^\/exposures\/([^/]+)\/picks$/, (_query, name) => picksOf(name)],
  [
    /^\/files\/(trends|steps|where|agreement|timeline|log)$/,
    (_query, name) => fileOf(name as "log"),
  ],
];

/** Answer like the server would. */
export function answer(path: string, query: URLSearchParams): Promise<unknown> {
  const place = path.replace(`/sessions/${SESSION}`, "");
  for (const [pattern, told] of ANSWERS) {
    const match = pattern.exec(place);
    if (match) return told(query, decodeURIComponent(match[1] ?? ""));
  }
  return Promise.reject(new ApiError(404, `a report has nothing at ${path}`, null, []));
}

/** Whoever reads a report may change nothing. */
const READER: Partial<Me> = { name: "", role: "viewer", csrf: "" };

/** How far back the newest exposure with pictures is looked for. */
const BACK = 60;

async function recent(told: LiveFile) {
  const { found } = told.counts;
  const numbers = Array.from({ length: Math.min(found, BACK) }, (_, index) => found - index);
  return (await Promise.all(numbers.map(exposureAt))).filter((one) => one !== null);
}

async function liveView(): Promise<Live> {
  const told = await live();
  return { ...told, last_event: 0, newest: await newestOf(told) } as unknown as Live;
}

async function newestOf(told: LiveFile): Promise<Newest | null> {
  const kept = new Set(told.kept);
  for (const at of await recent(told)) {
    const { number, name } = rowOf(at, told.chunks.size);
    if (kept.has(number - 1)) return { name, number, pictures: [], qualities: valuesOf(at) };
  }
  return null;
}

/** A few of the newest exposures, those with pictures where there are any. */
async function newestRows(query: URLSearchParams) {
  const told = await live();
  const kept = new Set(told.kept);
  const rows = (await recent(told)).map((at) => rowOf(at, told.chunks.size));
  const pictured = rows.filter(({ number }) => kept.has(number - 1));
  const settled = rows.filter(({ state }) => state !== "pending");
  const most = Number(query.get("most"));
  return {
    behind: told.counts.behind,
    rows: (pictured.length > 0 ? pictured : settled).slice(0, most).map((row) => ({
      ...row,
      picture: kept.has(row.number - 1) ? `pictures/${row.number}.jpg` : "",
    })),
  };
}

async function numbered(query: URLSearchParams): Promise<{ name: string | null }> {
  const at = await exposureAt(Number(query.get("number")));
  return { name: at?.chunk.name[at.i] ?? null };
}

/** Qualities in the order of the page; their values are in the unit that is shown. */
async function qualities(): Promise<Quality[]> {
  const told = await live();
  const trends = await fileOf<TrendsFile>("trends");
  return told.order.flatMap((name): Quality[] => {
    const said = told.qualities[name];
    if (!said) return [];
    const trend = trends?.qualities.find((one) => one.name === name);
    const { title, short, unit, whole, digits, meaning, limits } = said;
    return [
      {
        ...{ name, title, short, unit, whole, digits, meaning, scale: 1 },
        limits: [...limits.lines],
        count: trend?.count ?? 0,
        low: trend?.range.low ?? 0,
        high: trend?.range.high ?? 0,
        median: trend?.median ?? 0,
      },
    ];
  });
}
