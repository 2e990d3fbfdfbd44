import { describe, expect, it } from "vitest";
import { bandsFor, draw, type Box } from "./layout";
import { crossings, ranked, ranksOf, type Wire } from "./ranks";
import { apart } from "./levels";

const wire = (from: string, to: string, leaves = 0, enters = 0): Wire => ({
  id: `${from}>${to}`,
  from,
  to,
  trunk: from,
  leaves,
  enters,
});

const DEFAULT = {
  names: [
    "import",
    "align",
    "ctf",
    "judge",
    "select",
    "pick",
    "extract",
    "classify",
    "keep",
    "volume",
    "gain",
  ],
  wires: [
    wire("import", "align"),
    wire("align", "ctf"),
    wire("align", "judge"),
    wire("align", "select"),
    wire("ctf", "judge"),
    wire("ctf", "select"),
    wire("judge", "select"),
    wire("select", "pick"),
    wire("select", "extract"),
    wire("pick", "extract"),
    wire("extract", "classify"),
    wire("classify", "keep"),
    wire("keep", "volume"),
    wire("import", "gain"),
  ],
};

/** Points along a path of the commands M, H, V, C and Q with absolute coordinates. */
function points(path: string): [number, number][] {
  const found: [number, number][] = [];
  let [x, y] = [0, 0];
  for (const [, command, rest] of path.matchAll(/([MHVCQ])([^MHVCQ]*)/g)) {
    const v = (rest ?? "").trim().split(/[ ,]+/).map(Number);
    const at = (index: number) => v[index] ?? NaN;
    const [x0, y0] = [x, y];
    for (let step = 0; step <= 20; step += 1) {
      const t = step / 20;
      const u = 1 - t;
      if (command === "M") found.push([at(0), at(1)]);
      else if (command === "H") found.push([x0 + t * (at(0) - x0), y0]);
      else if (command === "V") found.push([x0, y0 + t * (at(0) - y0)]);
      else if (command === "Q") {
        found.push([
          u * u * x0 + 2 * u * t * at(0) + t * t * at(2),
          u * u * y0 + 2 * u * t * at(1) + t * t * at(3),
        ]);
      } else {
        const [a, b, c, d] = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t];
        found.push([
          a * x0 + b * at(0) + c * at(2) + d * at(4),
          a * y0 + b * at(1) + c * at(3) + d * at(5),
        ]);
      }
    }
    [x, y] = found.at(-1) ?? [0, 0];
  }
  return found;
}

const inside = ([x, y]: [number, number], box: Box): boolean =>
  x > box.x + 1 && x < box.x + box.width - 1 && y > box.y + 1 && y < box.y + box.height - 1;

/** Numbers that are the same on every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
}

function graph(seed: number): { names: string[]; wires: Wire[] } {
  const next = random(seed);
  const names = Array.from(
    { length: 3 + Math.floor(next() * 18) },
    (_, index) => `s${String(index)}`,
  );
  const wires: Wire[] = [];
  names.forEach((to, index) => {
    const links = Math.floor(next() * 3.5);
    for (let link = 0; link < links && index > 0; link += 1) {
      const from = names[Math.floor(next() * index)] ?? "";
      if (!wires.some((each) => each.from === from && each.to === to)) {
        wires.push(wire(from, to, (next() - 0.5) * 50, (next() - 0.5) * 50));
      }
    }
  });
  return { names, wires };
}

describe("the drawing of a workflow", () => {
  it("puts each step behind all that feeds it", () => {
    const ranks = ranksOf(DEFAULT.names, DEFAULT.wires);
    for (const each of DEFAULT.wires) {
      expect(ranks.get(each.to)).toBeGreaterThan(ranks.get(each.from) ?? Infinity);
    }
    expect(ranks.get("volume")).toBe(9);
  });

  it("comes to an end where links close a circle", () => {
    const wires = [wire("a", "b"), wire("b", "c"), wire("c", "a")];
    const drawing = draw(["a", "b", "c"], wires);
    expect(drawing.boxes.size).toBe(3);
    expect(drawing.paths.size).toBe(3);
  });

  it.each([1, 2, 3])("never runs a link beneath a box, in %i bands", (bands) => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const { names, wires } = graph(seed);
      const drawing = draw(names, wires, ["m1", "m2", "m3"], bands);
      for (const [id, path] of drawing.paths) {
        expect(path, `${id} of graph ${String(seed)}`).not.toBe("");
        for (const point of points(path)) {
          for (const [name, box] of drawing.boxes) {
            if (inside(point, box))
              expect.fail(`${id} runs beneath ${name} in graph ${String(seed)}`);
          }
          expect(point[0]).toBeLessThanOrEqual(drawing.width + 1);
          expect(point[1]).toBeLessThanOrEqual(drawing.height + 1);
          expect(Math.min(...point)).toBeGreaterThanOrEqual(-1);
        }
      }
    }
  });

  it.each([1, 2, 3])("lets no two boxes overlap, in %i bands", (bands) => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const { names, wires } = graph(seed);
      const boxes = [...draw(names, wires, ["m1", "m2"], bands).boxes.values()];
      expect(boxes).toHaveLength(names.length + 2);
      boxes.forEach((a, index) => {
        for (const b of boxes.slice(index + 1)) {
          const apartX = a.x + a.width <= b.x || b.x + b.width <= a.x;
          const apartY = a.y + a.height <= b.y + 0.01 || b.y + b.height <= a.y + 0.01;
          expect(apartX || apartY).toBe(true);
        }
      });
    }
  });

  it("begins and ends links at their ports", () => {
    const drawing = draw(
      ["a", "b", "c"],
      [wire("a", "b", 10, -12), wire("b", "c"), wire("a", "c", -8, 5)],
    );
    const [a, b] = [drawing.boxes.get("a"), drawing.boxes.get("b")];
    const way = points(drawing.paths.get("a>b") ?? "");
    expect(way[0]).toEqual([
      (a?.x ?? 0) + (a?.width ?? 0),
      expect.closeTo((a?.y ?? 0) + (a?.height ?? 0) / 2 + 10, 0),
    ]);
    expect(way.at(-1)?.[0]).toBeCloseTo(b?.x ?? NaN, 0);
    expect(way.at(-1)?.[1]).toBeCloseTo((b?.y ?? 0) + (b?.height ?? 0) / 2 - 12, 0);
  });

  it("crosses no links of the default workflow", () => {
    const { columns, pieces } = ranked(DEFAULT.names, DEFAULT.wires, { box: 84, lane: 12 });
    expect(crossings(columns, pieces)).toBe(0);
  });

  it("folds a long flow where the view is about as high as wide", () => {
    expect(bandsFor(DEFAULT.names, DEFAULT.wires, { width: 2600, height: 400 })).toBe(1);
    expect(bandsFor(DEFAULT.names, DEFAULT.wires, { width: 1000, height: 800 })).toBeGreaterThan(1);
  });

  it("draws nothing of nothing", () => {
    const drawing = draw([], []);
    expect(drawing.boxes.size).toBe(0);
    expect(Number.isFinite(drawing.height)).toBe(true);
  });
});

describe("places that keep their distance", () => {
  it("keeps those that are far apart already", () => {
    expect(
      apart(
        [
          { at: 0, weight: 1 },
          { at: 100, weight: 1 },
        ],
        [0, 10],
      ),
    ).toEqual([0, 100]);
  });

  it("moves two that want the same place by the same amount", () => {
    expect(
      apart(
        [
          { at: 50, weight: 1 },
          { at: 50, weight: 1 },
        ],
        [0, 20],
      ),
    ).toEqual([40, 60]);
  });

  it("moves the lighter one more", () => {
    const [a, b] = apart(
      [
        { at: 50, weight: 9 },
        { at: 50, weight: 1 },
      ],
      [0, 20],
    );
    expect(a).toBeCloseTo(48);
    expect(b).toBeCloseTo(68);
  });
});
