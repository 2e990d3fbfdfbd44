import { describe, expect, it } from "vitest";
import { differenceOf } from "./ComparedPictures";
import { branchProblem } from "./naming";
import { betterWay, differenceBins, leading } from "./pairing";
import { betterWords } from "./StepCompared";
import { changesOf } from "./TrySetDialog";
import type { ComparedQuality, Comparison } from "./types";

const quality = (more: Partial<ComparedQuality>): ComparedQuality => ({
  name: "ctf.resolution",
  title: "Resolution",
  unit: "Å",
  scale: 1,
  better: null,
  worse: null,
  old: 4,
  new: 4,
  difference: 0,
  error: null,
  chance: 1,
  claimed: false,
  count: 0,
  tone: "",
  words: "",
  higher: 0,
  lower: 0,
  same: 0,
  points: [],
  ...more,
});
const pair = (old: number, now: number) => ({
  exposure: "a",
  old,
  new: now,
  old_error: null,
  new_error: null,
});
const FOUND = { old: "main", new: "fine" } as Comparison;

describe("a comparison", () => {
  it("says which branch is better only where that is more than chance", () => {
    expect(betterWords(quality({ tone: "good" }), FOUND)).toBe("fine is better");
    expect(betterWords(quality({ tone: "bad" }), FOUND)).toBe("main is better");
    expect(betterWords(quality({ higher: 3 }), FOUND)).toBe("no clear difference");
    expect(betterWords(quality({ same: 3 }), FOUND)).toBe("the same");
  });

  it("spreads differences evenly about nothing", () => {
    const bins = differenceBins(
      quality({ scale: 10, points: [pair(1, 1.4), pair(2, 1.9), pair(3, 3)] }),
    );
    expect(bins.edges[0]).toBeCloseTo(-4);
    expect(bins.edges.at(-1)).toBeCloseTo(4);
    expect(bins.edges).toContainEqual(expect.closeTo(0));
    expect(bins.counts.reduce((sum, count) => sum + count, 0)).toBe(3);
    expect(bins.counts.at(-1)).toBe(1);
  });

  it("has a histogram where nothing differs", () => {
    expect(differenceBins(quality({ points: [pair(1, 1)] })).counts).toEqual([1]);
  });

  it("looks first at what differs by more than chance", () => {
    const points = [pair(1, 2)];
    const all = [
      quality({ name: "a", points, higher: 1 }),
      quality({ name: "b", tone: "bad", points, higher: 1 }),
    ];
    expect(leading(all)?.name).toBe("b");
    expect(leading(all.slice(0, 1))?.name).toBe("a");
    expect(leading([quality({ same: 4 })])).toBeUndefined();
  });
});

describe("the line of a plot", () => {
  it("has the better side where that is said", () => {
    expect(betterWay(quality({ better: 5, higher: 5, lower: 2 }))).toBe("above");
    expect(betterWay(quality({ better: 2, higher: 5, lower: 2 }))).toBe("below");
    expect(betterWay(quality({ better: null, higher: 5 }))).toBeNull();
  });
});

describe("the difference of pictures", () => {
  it("is grey where they are the same, orange where the second is brighter", () => {
    const first = new Uint8ClampedArray([100, 100, 100, 255, 100, 100, 100, 255]);
    const second = new Uint8ClampedArray([100, 100, 100, 255, 160, 160, 160, 255]);
    const shown = differenceOf(first, second);
    expect([...shown.slice(0, 4)]).toEqual([128, 128, 128, 255]);
    expect(shown[4]).toBeGreaterThan(shown[6] ?? 0);
  });
});

describe("a trial", () => {
  it("asks for what differs from what the step has", () => {
    const whole = { low: 1, high: 5, mode: "fast" };
    expect(changesOf({ high: 5 }, { high: 5, low: 2 }, whole)).toEqual({ low: 2 });
    expect(changesOf({}, { mode: "fast" }, whole)).toEqual({});
  });

  it("has a name that no alert could have", () => {
    expect(branchProblem("wide-2")).toBe("");
    expect(branchProblem("12")).toContain("alert");
    expect(branchProblem("Wide")).toContain("small letters");
  });
});
