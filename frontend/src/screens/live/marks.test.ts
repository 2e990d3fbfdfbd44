import { expect, test } from "vitest";
import { marked, type Brush } from "../measured/brush";
import type { Columns } from "../measured/types";
import { marksOf, mustAsk } from "./marks";
import type { SquareDocument, Squares } from "./squares";

const COLUMNS: Columns = {
  number: [1, 2, 3, 4],
  state: ["a", "r", "a", "p"],
  time: [10, 20, 30, 40],
  columns: { "ctf.resolution": [3, 9, 4, null] },
  square: ["A", "A", "B", "B"],
  total: 4,
  shown: 4,
};

const square = (name: string): SquareDocument => ({
  name,
  count: 2,
  accepted: 1,
  rejected: 0,
  failed: 0,
  median: 3,
  left: 0,
  right: 10,
  bottom: 0,
  top: 10,
});

const MAP: Squares = {
  qualities: ["ctf.defocus"],
  shown: 4,
  total: 4,
  quality: "ctf.defocus",
  range: [10000, 20000],
  positions: true,
  squares: [square("A"), square("B")],
  places: {
    number: [1, 2, 3, 4],
    name: ["E1", "E2", "E3", "E4"],
    state: "arap",
    square: [0, 0, 1, 1],
    hole: ["", "", "", ""],
    group: [0, 0, 0, 0],
    x: [0, 1, 2, 3],
    y: [0, 1, 2, 3],
    value: [10000, 12000, 14000, null],
  },
};

function told(brush: Brush, map = MAP, columns = COLUMNS, matching: Set<number> | null = null) {
  const marks = marksOf(brush, map, { columns, mask: marked(brush, columns), matching })!;
  return {
    holes: [0, 1, 2, 3].filter((index) => marks.exposure(index)),
    squares: ["A", "B"].filter((name) => marks.square(name)),
  };
}

test("marked squares stay bright, and their holes, the others do not", () => {
  expect(told({ from: "map", squares: ["B"] })).toEqual({ holes: [2, 3], squares: ["B"] });
});

test("squares without places told are dimmed by what is marked on them", () => {
  const brush: Brush = { from: "x", numbers: [1, 2] };
  expect(told(brush, { ...MAP, places: null })).toEqual({ holes: [], squares: ["A"] });
});

test("holes follow the range of a quality that the map shows", () => {
  const brush: Brush = { from: "x", quality: "ctf.defocus", range: [11000, 20000] };
  expect(told(brush).holes).toEqual([1, 2]);
});

test("holes follow the range of a quality that the map does not show", () => {
  const brush: Brush = { from: "x", quality: "ctf.resolution", range: [3, 5] };
  expect(told(brush)).toEqual({ holes: [0, 2], squares: ["A", "B"] });
  expect(mustAsk(brush, MAP, COLUMNS)).toBe(false);
});

test("where the columns were thinned out, the server says which holes are in the range", () => {
  const brush: Brush = { from: "x", quality: "ctf.resolution", range: [3, 5] };
  const thin: Columns = {
    ...COLUMNS,
    number: [1],
    state: ["a"],
    time: [10],
    columns: { "ctf.resolution": [3] },
    square: ["A"],
    shown: 1,
  };
  expect(mustAsk(brush, MAP, thin)).toBe(true);
  expect(mustAsk(brush, { ...MAP, places: null }, thin)).toBe(false);
  expect(mustAsk({ from: "x", numbers: [1, 2] }, MAP, thin)).toBe(false);
  expect(told(brush, MAP, thin, new Set([1, 3])).holes).toEqual([0, 2]);
});

test("nothing brushed marks nothing at all", () => {
  const known = { columns: COLUMNS, mask: null, matching: null };
  expect(marksOf(null, MAP, known)).toBeNull();
  expect(marksOf({ from: "map", squares: [] }, MAP, known)).toBeNull();
});
