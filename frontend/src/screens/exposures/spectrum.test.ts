import { expect, test } from "vitest";
import { radiusOf, ringMarks, ringPoints, wavelength, zeros } from "./spectrum";

const OPTICS = { voltage: 300, spherical_aberration: 2.7, amplitude_contrast: 0.1 };

test("marks are inside and apart", () => {
  const marks = ringMarks(1 / 3);
  expect(marks.length).toBeGreaterThan(2);
  for (const { part } of marks) expect(part).toBeLessThan(1);
  const parts = marks.map(({ part }) => part).sort();
  parts
    .slice(1)
    .forEach((part, index) => expect(part - parts[index]!).toBeGreaterThanOrEqual(0.14));
  expect(radiusOf(6, 1 / 3)).toBeCloseTo(0.5);
  expect(radiusOf(2, 1 / 3)).toBeNull();
});

test("electrons of 300 kV have the wavelength of the tables", () => {
  expect(wavelength(300)).toBeCloseTo(0.0197, 4);
  expect(wavelength(200)).toBeCloseTo(0.0251, 4);
});

test("the contrast vanishes at the zeros", () => {
  const defocus = 15000;
  const lambda = wavelength(300);
  const found = zeros(defocus, 0, OPTICS, 0.35);
  expect(found.length).toBeGreaterThan(10);
  for (const s of found) {
    const chi = Math.PI * lambda * defocus * s ** 2 - (Math.PI / 2) * 2.7e7 * lambda ** 3 * s ** 4;
    expect(Math.abs(Math.sin(chi + Math.asin(0.1)))).toBeLessThan(1e-6);
  }
});

test("astigmatism makes the ring an ellipse, narrow along the larger defocus", () => {
  const fit = { defocus_u: 20000, defocus_v: 12000, angle: 0, phase_shift: 0 };
  const points = ringPoints(1, fit, OPTICS, 1 / 3);
  const across = Math.max(...points.map(([x]) => Math.abs(x)));
  const down = Math.max(...points.map(([, y]) => Math.abs(y)));
  expect(across).toBeLessThan(down);
  expect(points.length).toBe(73);
});
