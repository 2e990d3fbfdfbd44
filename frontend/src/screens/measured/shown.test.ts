import { expect, test } from "vitest";
import { limitWords, shownNumber, shownValue } from "./shown";
import type { Quality } from "./types";

const DEFOCUS: Quality = {
  name: "ctf.defocus",
  title: "Defocus",
  short: "Defocus",
  unit: "µm",
  scale: 1e-4,
  whole: false,
  digits: 2,
  meaning: "",
  limits: [
    { step: "select", title: "Selection", refuses: true, low: 0.2, high: 5 },
    { step: "monitor", title: "Monitor", refuses: false, low: null, high: 4 },
  ],
  count: 3,
  low: 10_000,
  high: 20_000,
  median: 15_000,
};

test("a stored value is shown in its unit, with fewer digits where it is large", () => {
  expect(shownNumber(15678, DEFOCUS)).toBe("1.57");
  expect(shownNumber(156780, DEFOCUS)).toBe("15.7");
  expect(shownValue(15678, DEFOCUS)).toMatch(/^1\.57\s?µm$/);
  expect(shownValue(null, DEFOCUS)).toBe("–");
});

test("whole numbers have no point", () => {
  const picks = { ...DEFOCUS, scale: 1, unit: "", whole: true };
  expect(shownNumber(58, picks)).toBe("58");
});

test("limits are said in words, each once", () => {
  expect(limitWords(DEFOCUS).replaceAll("\u202f", " ")).toBe(
    "refused below 0.2 µm or above 5 µm; warning above 4 µm",
  );
});
