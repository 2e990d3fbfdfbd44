import { expect, test, vi } from "vitest";
import { placesOf } from "@/screens/live/squares";
import { squaresOf } from "./grid";

const { told } = vi.hoisted(() => ({
  told: { squares: [] as unknown[], stage: null as unknown, found: 3, read: [] as number[] },
}));

vi.mock("./files", () => ({
  live: () =>
    Promise.resolve({
      chunks: { size: 5, versions: [1], counts: [] },
      order: ["q", "r"],
      counts: { found: told.found },
    }),
  remembered: (_asked: string, make: () => unknown) => make(),
  fileOf: () =>
    Promise.resolve({ ranges: { q: [1, 2] }, squares: told.squares, shift_scale: 2, groups: [] }),
  chunks: (numbers: readonly number[]) => {
    told.read.push(...numbers);
    return Promise.resolve([
      {
        number: 1,
        state: "aar",
        name: ["e1", "e2", "e3"],
        texts: ["S1", "S2"],
        square: [0, 1, 1],
        quality: { q: [1, 2, null] },
        stage: told.stage,
        shift: [
          [1, 0, 0],
          [0, 0, 0],
        ],
      },
    ]);
  },
}));

const SQUARES = ["S1", "S2"].map((name, index) => ({
  ...{ name, count: 1, accepted: 1, rejected: 0, failed: 0, first: 0, medians: { q: 1 + index } },
  box: index === 0 ? [12, 12, 0, 0] : [20, 20, 5, 5],
  files: [1 + 6 * index],
}));

test("squares have their corners, and holes lie where the beam shift puts them", async () => {
  told.squares = SQUARES;
  told.stage = [
    [10, 20, null],
    [0, 5, null],
  ];
  const map = await squaresOf(new URLSearchParams({ quality: "q" }));
  expect(map).toMatchObject({ positions: true, range: [1, 2], qualities: ["q"], total: 3 });
  expect(map.squares[0]).toMatchObject({ name: "S1", median: 1, left: 12, right: 12, top: 0 });
  const one = await squaresOf(new URLSearchParams({ quality: "q", square: "S2" }));
  expect(placesOf(one).places).toEqual([
    { number: 2, name: "e2", state: "a", square: "S2", value: 2, x: 20, y: 5 },
  ]);
  expect(one.places?.x).toEqual([20, null]);
});

test("names of squares alone are a map by the order of arrival, no places at all none", async () => {
  told.squares = SQUARES;
  told.stage = null;
  expect((await squaresOf(new URLSearchParams({ quality: "q" }))).positions).toBe(false);
  told.squares = [];
  expect((await squaresOf(new URLSearchParams({ quality: "q" }))).squares).toEqual([]);
});

test("of a long session the squares are drawn without its exposures, and one with its own", async () => {
  Object.assign(told, { squares: SQUARES, found: 100_000, read: [] });
  told.stage = [
    [10, 20, null],
    [0, 5, null],
  ];
  const map = await squaresOf(new URLSearchParams({ quality: "q" }));
  expect(map).toMatchObject({ positions: true, places: null, total: 100_000, range: [1, 2] });
  expect(map.squares[1]).toMatchObject({ left: 20, top: 5, median: 2 });
  expect(told.read).toEqual([]);
  const one = await squaresOf(new URLSearchParams({ quality: "q", square: "S2" }));
  expect(told.read).toEqual([7]);
  expect(one.places?.name).toEqual(["e2", "e3"]);
});
