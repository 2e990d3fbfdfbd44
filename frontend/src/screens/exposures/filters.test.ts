import { expect, test } from "vitest";
import { NO_FILTERS, filterQuery, isFiltered, readFilters, sortedBy, withWhere } from "./filters";

test("filters come back from the address as they were", () => {
  const filters = {
    search: "FoilHole_1",
    states: ["rejected"],
    where: [{ quality: "ctf.resolution", low: null, high: 6.5 }],
    squares: ["A", "B"],
    alert: "7",
    sort: "ctf.resolution",
    descending: false,
  };
  expect(readFilters(filterQuery(filters))).toEqual(filters);
  expect(isFiltered(filters)).toBe(true);
});

test("the usual view has a bare address", () => {
  expect(filterQuery(NO_FILTERS).toString()).toBe("");
  expect(readFilters(new URLSearchParams())).toEqual(NO_FILTERS);
  expect(isFiltered(NO_FILTERS)).toBe(false);
});

test("what cannot be read is left out", () => {
  const read = readFilters(
    new URLSearchParams("where=a:b&where=x::&where=ctf.score:zz:0.5&state=odd"),
  );
  expect(read.where).toEqual([{ quality: "ctf.score", low: null, high: 0.5 }]);
  expect(read.states).toEqual([]);
});

test("a quality has one range, and an open one is none", () => {
  const one = withWhere(NO_FILTERS, { quality: "a", low: 1, high: null });
  const two = withWhere(one, { quality: "a", low: 2, high: 3 });
  expect(two.where).toEqual([{ quality: "a", low: 2, high: 3 }]);
  expect(withWhere(two, { quality: "a", low: null, high: null }).where).toEqual([]);
});

test("pressing a head again turns the order around", () => {
  const once = sortedBy(NO_FILTERS, "ctf.resolution");
  expect([once.sort, once.descending]).toEqual(["ctf.resolution", false]);
  expect(sortedBy(once, "ctf.resolution").descending).toBe(true);
  expect(sortedBy(once, "number").descending).toBe(true);
});
