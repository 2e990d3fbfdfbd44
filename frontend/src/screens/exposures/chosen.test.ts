import { expect, test } from "vitest";
import { keepColumns, readColumns, usualColumns } from "./chosen";

const storage = (): Storage & { held: Map<string, string> } => {
  const held = new Map<string, string>();
  return {
    held,
    getItem: (key: string) => held.get(key) ?? null,
    setItem: (key: string, value: string) => void held.set(key, value),
  } as never;
};

test("what was chosen is there at the next visit, as far as it still is", () => {
  const kept = storage();
  keepColumns(kept, ["ctf.score", "picks.count"]);
  expect(readColumns(kept, ["picks.count", "ctf.score", "motion.total"])).toEqual([
    "ctf.score",
    "picks.count",
  ]);
  expect(readColumns(kept, ["motion.total"])).toEqual([]);
});

test("without a choice the usual ones are shown", () => {
  expect(readColumns(storage(), ["picks.count", "ctf.resolution"])).toEqual([
    "ctf.resolution",
    "picks.count",
  ]);
  expect(usualColumns(["own.a", "own.b"])).toEqual(["own.a", "own.b"]);
});

test("what was kept by another version harms nothing", () => {
  const kept = storage();
  kept.held.set("icestream.exposures.columns", "{broken");
  expect(readColumns(kept, ["ctf.resolution"])).toEqual(["ctf.resolution"]);
});
