import { expect, test } from "vitest";
import { brushQuery, countMarked, isEmpty, marked } from "./brush";
import type { Columns } from "./types";

const COLUMNS: Columns = {
  number: [1, 2, 3, 4],
  state: ["a", "r", "a", "p"],
  time: [10, 20, 30, 40],
  columns: { "ctf.resolution": [3, 9, 4, null] },
  square: ["A", "A", "B", ""],
  total: 4,
  shown: 4,
};

test("every part of a brush must hold", () => {
  const mask = marked(
    { from: "x", numbers: [1, 3], quality: "ctf.resolution", range: [3.5, 10], states: ["a"] },
    COLUMNS,
  );
  expect([...mask!]).toEqual([0, 0, 1, 0]);
  expect(countMarked(mask)).toBe(1);
});

test("what is not measured lies in no range", () => {
  const mask = marked({ from: "x", quality: "ctf.resolution", range: [0, 100] }, COLUMNS);
  expect([...mask!]).toEqual([1, 1, 1, 0]);
});

test("a brush of squares marks the exposures on them", () => {
  expect([...marked({ from: "map", squares: ["B"] }, COLUMNS)!]).toEqual([0, 0, 1, 0]);
  expect(countMarked(marked({ from: "map", squares: ["A", "B"] }, COLUMNS))).toBe(3);
});

test("no brush, or one without an extent, marks nothing at all", () => {
  expect(marked(null, COLUMNS)).toBeNull();
  expect(marked({ from: "x", squares: [] }, COLUMNS)).toBeNull();
  expect(isEmpty({ from: "x", squares: [] })).toBe(true);
  expect(countMarked(null)).toBe(0);
});

test("a brush opens the table filtered to what it marks", () => {
  const query = brushQuery({
    from: "x",
    numbers: [1.2, 3.9],
    quality: "ctf.defocus",
    range: [5000.123456, 20000],
    squares: ["S 1"],
    states: ["r"],
  });
  expect(new URLSearchParams(query).getAll("where")).toEqual([
    "number:2:3",
    "ctf.defocus:5000.12:20000",
  ]);
  expect(new URLSearchParams(query).get("square")).toBe("S 1");
  expect(new URLSearchParams(query).get("state")).toBe("rejected");
});

test("an open end stays open in the address", () => {
  const query = brushQuery({ from: "x", quality: "a.b", range: [3, Infinity] });
  expect(new URLSearchParams(query).get("where")).toBe("a.b:3:");
});
