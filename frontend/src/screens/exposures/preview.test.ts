import { expect, test } from "vitest";
import type { Quality } from "../measured/types";
import { medianWords, turnedWords, type Turned } from "./preview";

const TURNED: Turned = {
  step: "select",
  judged: 100,
  accepted: 90,
  accepted_after: 88,
  gained: 1,
  lost: 3,
  gained_names: ["a"],
  lost_names: ["b", "c", "d"],
  unknown: 2,
  particles: 5000,
  particles_lost: 150,
  particles_gained: 50.4,
  medians: [
    { quality: "ctf.defocus", kept: 15000, gained: null, lost: 30000 },
    { quality: "own.unknown", kept: 1, gained: 2, lost: 3 },
    { quality: "ctf.defocus", kept: 15000, gained: null, lost: null },
  ],
  words: [],
};

const plain = (text: string): string => text.replaceAll("\u202f", " ");

test("gains and losses are said with what they cost in particles", () => {
  expect(turnedWords(TURNED).map(plain)).toEqual([
    "88 of 100 exposures accepted, 90 before: 1 gained, 3 lost.",
    "Of 5000 particles 150 (3.0 %) lost, about 50 gained.",
    "2 could not be judged.",
  ]);
});

test("particles are left out where nothing changes or none are known", () => {
  const same = { ...TURNED, gained: 0, lost: 0, unknown: 0 };
  expect(turnedWords(same)).toHaveLength(1);
  expect(turnedWords({ ...TURNED, particles: 0 })).toHaveLength(2);
});

test("medians are compared in the unit that is shown, where there is something to compare", () => {
  const quality = { name: "ctf.defocus", short: "Defocus", unit: "µm", scale: 1e-4 } as Quality;
  expect(medianWords(TURNED, [quality]).map(plain)).toEqual([
    "Defocus: kept 1.50 µm, lost 3.00 µm",
  ]);
});
