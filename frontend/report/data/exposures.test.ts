import { beforeEach, expect, test, vi } from "vitest";
import { chunks } from "./files";
import { exposureNamed, neighbourOf, pageOf } from "./exposures";
import { NO_FILTERS } from "@/screens/exposures/filters";

const STATES = ["aaraa", "fpaaa", "aar"];

/** Three files of up to five exposures. */
const FILES = STATES.map((state, index) => ({
  number: index + 1,
  version: 1,
  state,
  name: [...state].map((_, i) => `e${5 * index + i + 1}`),
  time: [...state].map((_, i) => 5 * index + i),
  reason: [...state].map((letter) => (letter === "r" ? 1 : 0)),
  place: [...state].map(() => 0),
  square: [...state].map((_, i) => (i % 2 ? 2 : 0)),
  texts: ["", "too thick", "S 1"],
  quality: { "ctf.resolution": [...state].map((_, i) => (i === 4 ? null : 5 - i)) },
  group: [...state].map(() => 1),
  stage: null,
  shift: null,
}));

vi.mock("./files", () => ({
  live: () =>
    Promise.resolve({
      counts: { found: 13 },
      alerts: [{ number: 7, exposure: "e8", order: 7 }],
      chunks: {
        size: 5,
        versions: [1, 1, 1],
        counts: STATES.map((state) =>
          [..."parf"].map((letter) => [...state].filter((one) => one === letter).length),
        ),
      },
    }),
  remembered: (_asked: string, make: () => unknown) => make(),
  chunks: vi.fn((numbers: readonly number[]) =>
    Promise.resolve(numbers.flatMap((number) => FILES[number - 1] ?? [])),
  ),
}));

const read = (): number[] => vi.mocked(chunks).mock.calls.flatMap(([numbers]) => [...numbers]);
const numbers = async (query: string): Promise<number[]> =>
  (await pageOf(new URLSearchParams(query))).rows.map(({ number }) => number);

beforeEach(() => {
  vi.mocked(chunks).mockClear();
});

test("the newest come first, and only the files are read that hold them", async () => {
  expect(await numbers("limit=4")).toEqual([13, 12, 11, 10]);
  expect(read()).toEqual([3, 2]);
  expect(await numbers("at=4&limit=4")).toEqual([9, 8, 7, 6]);
  expect(await numbers("at=10&limit=100&sort=number&descending=false")).toEqual([11, 12, 13]);
});

test("states are found by the counts of the files, without reading those that have none", async () => {
  const page = await pageOf(new URLSearchParams("state=rejected&limit=10"));
  expect(page).toMatchObject({ total: 13, matching: 2, next: null });
  expect(page.rows.map(({ number, reasons }) => [number, reasons])).toEqual([
    [13, ["too thick"]],
    [3, ["too thick"]],
  ]);
  expect(read()).toEqual([3, 1]);
});

test("names, ranges and squares are looked for in all files, and what is sorted is sorted", async () => {
  expect(await numbers("search=E1&limit=10")).toEqual([13, 12, 11, 10, 1]);
  expect(await numbers("where=ctf.resolution:4.5:&limit=10")).toEqual([11, 6, 1]);
  expect(await numbers("where=number:2:3&limit=10")).toEqual([3, 2]);
  expect(await numbers("square=S 1&limit=10")).toEqual([12, 9, 7, 4, 2]);
  expect(await numbers("alert=7&limit=10")).toEqual([8]);
  const sorted = await numbers("sort=ctf.resolution&descending=false&limit=100");
  expect(sorted.slice(0, 2)).toEqual([4, 9]);
  expect(sorted.slice(-2)).toEqual([5, 10]);
});

test("a neighbour is the next that the filters let through", async () => {
  expect(await neighbourOf(4, 1, NO_FILTERS)).toBe(5);
  const failed = { ...NO_FILTERS, states: ["failed"] };
  expect(await neighbourOf(13, -1, failed)).toBe(6);
  expect(await neighbourOf(6, -1, failed)).toBeNull();
  expect(await neighbourOf(13, 1, NO_FILTERS)).toBeNull();
});

test("an exposure is found by its name, an alert's at once", async () => {
  expect(await exposureNamed("e8")).toMatchObject({ i: 2 });
  expect(read()).toEqual([2]);
  expect(await exposureNamed("e1")).toMatchObject({ i: 0 });
  expect(await exposureNamed("nobody")).toBeNull();
});
