import { describe, expect, it } from "vitest";
import {
  changesOf,
  decisionOn,
  ruleTakes,
  sorted,
  takes,
  totals,
  wished,
  wishOf,
  type Choice,
} from "./choosing";
import type { ClassRow } from "./types";

const row = (number: number, more: Partial<ClassRow> = {}): ClassRow => ({
  number,
  place: number - 1,
  particles: 100,
  share: 0.1,
  resolution: 8,
  score: 0.5,
  selected: null,
  junk: false,
  why: "",
  parent: null,
  url: "",
  ...more,
});
const CHOICE: Choice = {
  score_min: 0.3,
  resolution_max: null,
  particles_min: null,
  include: "",
  exclude: "",
};
const NO_PARENTS = new Map<number, number>();

describe("the rule", () => {
  it("takes classes by score, resolution and size", () => {
    expect(ruleTakes(row(1), CHOICE)).toBe(true);
    expect(ruleTakes(row(1, { score: 0.2 }), CHOICE)).toBe(false);
    expect(ruleTakes(row(1), { ...CHOICE, resolution_max: 6 })).toBe(false);
    expect(ruleTakes(row(1), { ...CHOICE, particles_min: 200 })).toBe(false);
  });

  it("leaves out a class whose resolution cannot be told where one is asked for", () => {
    expect(ruleTakes(row(1, { resolution: null }), CHOICE)).toBe(true);
    expect(ruleTakes(row(1, { resolution: null }), { ...CHOICE, resolution_max: 20 })).toBe(false);
  });
});

describe("what a person decides", () => {
  it("stands over the rule", () => {
    const choice = wished(wished(CHOICE, [7, 3], "take"), [4], "leave");
    expect([choice.include, choice.exclude]).toEqual(["3,7", "4"]);
    expect(takes(row(3, { score: 0 }), choice, NO_PARENTS)).toBe(true);
    expect(takes(row(4, { score: 1 }), choice, NO_PARENTS)).toBe(false);
    expect(wishOf(row(5), choice, NO_PARENTS)).toBe("rule");
  });

  it("is given back to the rule", () => {
    const choice = wished(wished(CHOICE, [3], "take"), [3], "rule");
    expect(choice).toEqual(CHOICE);
  });

  it("holds for what is split from a class, unless that is decided itself", () => {
    const parents = new Map([[9, 4]]);
    const choice = wished(CHOICE, [4], "leave");
    expect(decisionOn(row(9), choice, parents)).toEqual({ wish: "leave", of: 4 });
    expect(wishOf(row(9), wished(choice, [9], "take"), parents)).toBe("take");
  });

  it("is set as what has changed, and nothing else", () => {
    expect(changesOf(CHOICE, wished(CHOICE, [4], "leave"))).toEqual({ exclude: "4" });
    expect(changesOf(CHOICE, CHOICE)).toEqual({});
  });
});

describe("the gallery", () => {
  it("is sorted with what cannot be told last", () => {
    const rows = [
      row(1, { resolution: null }),
      row(2, { resolution: 9 }),
      row(3, { resolution: 5 }),
    ];
    expect(sorted(rows, "resolution").map((each) => each.number)).toEqual([3, 2, 1]);
    expect(sorted([row(1, { particles: 5 }), row(2)], "size")[0]?.number).toBe(2);
  });

  it("says what a choice would gain and lose", () => {
    const rows = [
      row(1, { selected: true }),
      row(2, { selected: false, score: 0.1 }),
      row(3, { selected: true }),
    ];
    const choice = wished(wished(CHOICE, [2], "take"), [3], "leave");
    expect(totals(rows, choice, NO_PARENTS)).toEqual({
      classes: 2,
      particles: 200,
      gained: [2],
      lost: [3],
    });
  });
});
