import { describe, expect, it } from "vitest";
import {
  ago,
  bytes,
  duration,
  figures,
  momentOn,
  number,
  plural,
  quality,
  toneOf,
  withUnit,
  unbroken,
} from "./units";

const plain = (text: string) => text.replaceAll("\u202f", " ");

describe("numbers", () => {
  it("groups thousands from five digits on, and has a real minus", () => {
    expect(plain(number(12400))).toBe("12 400");
    expect(number(1240)).toBe("1240");
    expect(number(-3.14159, 2)).toBe("−3.14");
    expect(number(-0.001, 1)).toBe("0.0");
  });

  it("says that nothing is known instead of a number", () => {
    for (const value of [null, undefined, NaN, Infinity]) expect(number(value)).toBe("–");
    expect(quality(null, { unit: "Å" })).toBe("–");
  });

  it("keeps the figures that count", () => {
    expect(figures(0.012345)).toBe("0.0123");
    expect(figures(3.4567)).toBe("3.46");
    expect(plain(figures(123456))).toBe("123 456");
    expect(figures(1.5e-7)).toBe("1.50e−7");
    expect(figures(0)).toBe("0");
  });

  it("scales a stored value to the unit that is shown", () => {
    expect(plain(quality(15234, { unit: "µm", scale: 1e-4, digits: 2 }))).toBe("1.52 µm");
    expect(withUnit("12", "°")).toBe("12°");
  });
});

describe("sizes and times", () => {
  it("says bytes as disks are sold", () => {
    expect(plain(bytes(999))).toBe("999 B");
    expect(plain(bytes(1_500_000))).toBe("1.5 MB");
    expect(plain(bytes(999_960))).toBe("1.0 MB");
  });

  it("says durations in the largest unit that tells", () => {
    expect(plain(duration(0.25))).toBe("0.25 s");
    expect(plain(duration(42))).toBe("42 s");
    expect(plain(duration(600))).toBe("10 min");
    expect(plain(duration(7800))).toBe("2 h 10 min");
    expect(plain(duration(3600 * 30))).toBe("30 h");
    expect(plain(duration(86400 * 10))).toBe("10 d");
    expect(plain(ago(100, 160))).toBe("60 s ago");
    expect(ago(100, 102)).toBe("just now");
  });

  it("counts one and many", () => {
    expect(plain(plural(1, "movie"))).toBe("1 movie");
    expect(plain(plural(2, "class", "classes"))).toBe("2 classes");
  });
});

it("knows the tone of every state of a session, a step and an exposure", () => {
  for (const state of ["starting", "running", "going", "draining"])
    expect(toneOf(state)).toBe("busy");
  expect(toneOf("held")).toBe("warning");
  expect(toneOf("Failed")).toBe("bad");
  expect(toneOf("resting")).toBe("idle");
});

describe("a sentence of the server", () => {
  it("keeps numbers and their units together, and breaks elsewhere", () => {
    expect(unbroken("CTF fit 9.1 Å is above 8 Å in 3 exposures")).toBe(
      "CTF fit 9.1\u202fÅ is above 8\u202fÅ in 3 exposures",
    );
    expect(unbroken("after 2 h 10 min; 3 movies, 12 e/Å², 80 %")).toBe(
      "after 2\u202fh 10\u202fmin; 3 movies, 12\u202fe/Å², 80\u202f%",
    );
  });

  it("leaves words that begin as a unit does", () => {
    expect(unbroken("grid 4 square 8 had 3 early ones, 2 days")).toBe(
      "grid 4 square 8 had 3 early ones, 2 days",
    );
  });
});

describe("moments", () => {
  it("are told to the second where the axis is short", () => {
    const time = new Date(2026, 10, 28, 14, 5, 9).getTime() / 1000;
    expect(momentOn(59, time)).toMatch(/14:05:09$/);
    expect(momentOn(3600, time)).toMatch(/14:05$/);
  });
});
