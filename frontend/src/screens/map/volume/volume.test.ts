import { describe, expect, it } from "vitest";
import { FIRST_VIEW, STRAIGHT, about, dragged, times } from "./camera";
import { cast } from "./cast";
import { crowding, mollweide } from "./sphere";
import { surfaceOf } from "./surface";
import { density, enclosed, halved, levelToBeginWith, slice, type Volume } from "./volume";

/** A soft ball of `radius` voxels about a place. */
function ball(
  side: number,
  radius: number,
  at = [(side - 1) / 2, (side - 1) / 2, (side - 1) / 2],
): Volume {
  const data = new Uint8Array(side ** 3);
  for (let z = 0; z < side; z += 1) {
    for (let y = 0; y < side; y += 1) {
      for (let x = 0; x < side; x += 1) {
        const far = Math.hypot(x - (at[0] ?? 0), y - (at[1] ?? 0), z - (at[2] ?? 0));
        data[(z * side + y) * side + x] = Math.max(0, Math.min(255, 128 + 40 * (radius - far)));
      }
    }
  }
  return { side, data, spacing: 2, low: -1, high: 3 };
}

describe("a volume", () => {
  it("is sliced across each axis", () => {
    const volume = ball(9, 0.4, [2, 4, 6]);
    const brightest = (axis: "x" | "y" | "z", at: number) => {
      const found = slice(volume, axis, at);
      const place = found.indexOf(Math.max(...found));
      return [place % 9, Math.floor(place / 9)];
    };
    expect(brightest("z", 6)).toEqual([2, 4]);
    expect(brightest("y", 4)).toEqual([2, 6]);
    expect(brightest("x", 2)).toEqual([4, 6]);
  });

  it("has densities in the units of the map", () => {
    const volume = ball(9, 3);
    expect(density(volume, 4, 4, 4)).toBeCloseTo(-1 + (248 / 255) * 4, 1);
    expect(density(volume, 0, 0, 0)).toBe(-1);
  });

  it("keeps its mean when it is halved", () => {
    const [volume, small] = [ball(16, 5), halved(ball(16, 5))];
    const mean = (each: Volume) =>
      each.data.reduce((sum, value) => sum + value, 0) / each.data.length;
    expect(small.side).toBe(8);
    expect(small.spacing).toBe(4);
    expect(Math.abs(mean(small) - mean(volume))).toBeLessThan(0.5);
  });

  it("encloses the volume of the ball that it shows", () => {
    const { volume } = enclosed(ball(48, 15), 128);
    expect(volume / ((4 / 3) * Math.PI * 30 ** 3)).toBeCloseTo(1, 1);
  });

  it("begins with a level inside what is there, even for an empty map", () => {
    const volume = ball(32, 6);
    expect(levelToBeginWith(volume)).toBeGreaterThan(20);
    expect(levelToBeginWith(volume)).toBeLessThan(255);
    expect(levelToBeginWith({ ...volume, data: new Uint8Array(32 ** 3) })).toBe(1);
  });
});

describe("a surface", () => {
  const volume = ball(32, 10);
  const surface = surfaceOf(volume, 128);

  it("lies on the ball", () => {
    for (let at = 0; at < surface.positions.length; at += 3) {
      const far = Math.hypot(...surface.positions.slice(at, at + 3)) * 15.5;
      expect(Math.abs(far - 10)).toBeLessThan(0.1);
    }
  });

  it("is closed: every edge has two triangles, once in each direction", () => {
    const edges = new Map<string, number>();
    for (let at = 0; at < surface.indices.length; at += 3) {
      const corners = [...surface.indices.slice(at, at + 3)];
      corners.forEach((from, index) => {
        const to = corners[(index + 1) % 3];
        edges.set(
          `${String(from)},${String(to)}`,
          (edges.get(`${String(from)},${String(to)}`) ?? 0) + 1,
        );
      });
    }
    for (const [edge, count] of edges) {
      expect(count).toBe(1);
      expect(edges.get(edge.split(",").reverse().join(","))).toBe(1);
    }
    expect(edges.size).toBeGreaterThan(1000);
  });

  it("faces outward", () => {
    for (let at = 0; at < surface.positions.length; at += 3) {
      const along = [0, 1, 2].reduce(
        (sum, k) => sum + (surface.positions[at + k] ?? 0) * (surface.normals[at + k] ?? 0),
        0,
      );
      expect(along).toBeGreaterThan(0);
    }
  });

  it("is empty above all that is there", () => {
    expect(surfaceOf({ ...volume, data: new Uint8Array(32 ** 3) }, 100).indices).toHaveLength(0);
  });
});

describe("a picture without WebGL", () => {
  const colour = [200, 100, 50] as const;

  it("shows the ball as a disc of its size", () => {
    const picture = cast(ball(33, 8), 128, FIRST_VIEW, 80, { colour, zoom: 1 });
    let seen = 0;
    for (let at = 3; at < picture.length; at += 4) if (picture[at]) seen += 1;
    expect(seen / (Math.PI * 20 ** 2)).toBeCloseTo(1, 1);
  });

  it("looks along z: what is at +x is on the right, what is at +y is above", () => {
    const place = (at: number[], view = STRAIGHT) => {
      const picture = cast(ball(33, 3, at), 128, [...view], 60, { colour, zoom: 1 });
      let [x, y, count] = [0, 0, 0];
      for (let pixel = 0; pixel < 3600; pixel += 1) {
        if (picture[4 * pixel + 3])
          [x, y, count] = [x + (pixel % 60), y + Math.floor(pixel / 60), count + 1];
      }
      return [x / count - 29.5, y / count - 29.5];
    };
    expect(place([24, 16, 16])[0]).toBeGreaterThan(10);
    expect(place([16, 24, 16])[1]).toBeLessThan(-10);
    expect(place([16, 16, 24], about("y", Math.PI / 2))[0]).toBeGreaterThan(10);
  });
});

describe("a view", () => {
  it("stays a rotation however long it is dragged", () => {
    let view: readonly number[] = FIRST_VIEW;
    for (let step = 0; step < 500; step += 1) view = dragged(view, 0.013, -0.007);
    const transposed = [0, 3, 6, 1, 4, 7, 2, 5, 8].map((index) => view[index] ?? 0);
    times(view, transposed).forEach((value, index) =>
      expect(value).toBeCloseTo(STRAIGHT[index] ?? 0, 9),
    );
  });
});

describe("directions on a flat picture", () => {
  it("keep areas: the cap above 30° has a quarter of the sphere", () => {
    let above = 0;
    const count = 20_000;
    for (let index = 0; index < count; index += 1) {
      const latitude = Math.asin(1 - (2 * index + 1) / count);
      if (mollweide(0, latitude).y > mollweide(0, Math.PI / 6).y) above += 1;
    }
    expect(above / count).toBeCloseTo(0.25, 2);
    expect(mollweide(Math.PI, 0)).toEqual({ x: 2, y: 0 });
    expect(mollweide(1, Math.PI / 2).x).toBeCloseTo(0);
  });

  it("tell crowded views from even ones", () => {
    const even = Array.from({ length: 100 }, () => ({ x: 1, y: 0, z: 0, count: 5 }));
    expect(crowding(even)).toBeCloseTo(0.1);
    expect(crowding([...even, { x: 0, y: 0, z: 1, count: 5000 }])).toBeGreaterThan(0.9);
  });
});
