import { expect, test, vi } from "vitest";
import { placesOf } from "@/screens/live/squares";
import { squaresOf } from "./grid";

const { told } = vi.hoisted(() => ({ told: { squares: [] as unknown[], stage: null as unknown } }));

vi.mock("./files", () => ({
  live: () =>
    Promise.resolve({ chunks: { size: 5, versions: [1], counts: [] }, order: ["q", "r"] }),
  fileOf: () =>
    Promise.resolve({ ranges: { q: [1, 2] }, squares: told.squares, shift_scale: 2, groups: [] }),
  chunks: () =>
    Promise.resolve([
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
    ]),
}));

const SQUARES = ["S1", "S2"].map((name, index) => ({
  ...{ name, count: 1, accepted: 1, rejected: 0, failed: 0, first: 0, medians: { q: 1 + index } },
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
