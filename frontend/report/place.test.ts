import { expect, test } from "vitest";
import { placeOf } from "./place";

test("addresses that people send lead to parts, exposures and filtered tables", () => {
  expect(placeOf("/workflow", "")).toMatchObject({ part: "workflow", name: null, filters: null });
  expect(placeOf("/exposure-12", "")).toMatchObject({ number: 12, part: null });
  expect(placeOf("/show-rejected", "").filters?.states).toEqual(["rejected"]);
  expect(placeOf("/show-in-progress", "")).toMatchObject({ part: "exposures" });
  expect(placeOf("/show-in-progress", "").filters?.states).toEqual(["pending"]);
  expect(placeOf("/recent", "")).toMatchObject({ part: "trends", recent: true });
  expect(placeOf("/", "")).toMatchObject({ part: null, number: null, name: null });
});

test("links of the application's components lead to the same", () => {
  expect(placeOf("/s/report/exposures/a%20b", "")).toMatchObject({ name: "a b", filters: null });
  const table = placeOf("/s/report/exposures", "?where=ctf.defocus:1:2");
  expect(table.part).toBe("exposures");
  expect(table.filters?.where).toEqual([{ quality: "ctf.defocus", low: 1, high: 2 }]);
  expect(placeOf("/s/report/map", "").part).toBe("maps");
});
