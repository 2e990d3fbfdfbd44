import { describe, expect, it } from "vitest";
import { boundsOf, drawnBy, encloses, lassoed, overlap, type Point } from "./drawing";

const line = (...corners: [number, number][]): Point[] => corners.map(([x, y]) => ({ x, y }));
const at = (x: number, y: number): Point => ({ x, y });
const picture = (left: number, top: number, side = 100) => ({
  left,
  top,
  right: left + side,
  bottom: top + side,
});
const HORSESHOE = line(
  [0, 0],
  [100, 0],
  [100, 100],
  [70, 100],
  [70, 30],
  [30, 30],
  [30, 100],
  [0, 100],
);

describe("a rectangle", () => {
  it("touches what it shares room with", () => {
    const one = picture(0, 0, 10);
    expect(overlap(one, picture(9, 9, 10))).toBe(true);
    expect(overlap(one, picture(10, 0, 10))).toBe(false);
  });

  it("lies between the ends of a drag, wherever that went", () => {
    const corners = drawnBy("rectangle", line([50, 60], [400, 400], [10, 20]));
    expect(boundsOf(corners)).toEqual({ left: 10, top: 20, right: 50, bottom: 60 });
    expect(corners).toHaveLength(4);
  });
});

describe("a closed line", () => {
  it("encloses what is inside, not what lies in its hollow", () => {
    expect(encloses(HORSESHOE, at(15, 50))).toBe(true);
    expect(encloses(HORSESHOE, at(85, 50))).toBe(true);
    expect(encloses(HORSESHOE, at(50, 60))).toBe(false);
    expect(encloses(HORSESHOE, at(50, 120))).toBe(false);
    expect(encloses(HORSESHOE, at(-5, 50))).toBe(false);
  });

  it("encloses the same in both directions", () => {
    const back = [...HORSESHOE].reverse();
    for (let x = -10; x <= 110; x += 7)
      for (let y = -10; y <= 110; y += 7)
        expect(encloses(back, at(x, y))).toBe(encloses(HORSESHOE, at(x, y)));
  });

  it("still encloses what it goes around twice", () => {
    const once = line([0, 0], [100, 0], [100, 100], [0, 100]);
    expect(encloses([...once, ...once], at(50, 50))).toBe(true);
  });

  it("encloses nothing before it is a line with an inside", () => {
    expect(encloses([], at(0, 0))).toBe(false);
    expect(encloses(line([0, 0], [100, 100]), at(50, 50))).toBe(false);
  });
});

describe("a lasso", () => {
  it("takes a picture whose middle it goes around, however little that is", () => {
    const around = line([40, 40], [60, 40], [60, 60], [40, 60]);
    expect(lassoed(around, picture(0, 0))).toBe(true);
    expect(lassoed(around, picture(40, 0))).toBe(false);
  });

  it("takes a picture most of which it goes around, even where its middle is left out", () => {
    const slit = line(
      [0, 0],
      [100, 0],
      [100, 48],
      [45, 48],
      [45, 52],
      [100, 52],
      [100, 100],
      [0, 100],
    );
    expect(encloses(slit, at(50, 50))).toBe(false);
    expect(lassoed(slit, picture(0, 0))).toBe(true);
  });

  it("leaves a picture that lies in its hollow, or that it only grazes", () => {
    expect(lassoed(HORSESHOE, picture(35, 40, 30))).toBe(false);
    expect(lassoed(HORSESHOE, picture(95, 0))).toBe(false);
  });
});
