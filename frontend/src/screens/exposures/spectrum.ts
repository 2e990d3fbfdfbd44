// Radii on the picture of a power spectrum: from resolutions in Å to parts of its half width.

import { withUnit } from "@/units";
import type { Schemas } from "@/api/types";

/** The radius of a resolution as a part of the half width; null where it lies outside. */
export function radiusOf(resolution: number, edge: number): number | null {
  if (!(resolution > 0)) return null;
  const part = 1 / resolution / edge;
  return part > 0 && part <= 1 ? part : null;
}

export interface Mark {
  resolution: number;
  part: number;
  label: string;
}

/** A few circles at round resolutions, far enough apart to be read. */
export function ringMarks(edge: number, apart = 0.14): Mark[] {
  const marks: Mark[] = [];
  for (const resolution of [20, 10, 7, 5, 4, 3.5, 3, 2.5, 2, 1.5]) {
    const part = radiusOf(resolution, edge);
    if (part === null || part < 0.12 || part > 0.97) continue;
    if (marks.some((mark) => Math.abs(mark.part - part) < apart)) continue;
    marks.push({ resolution, part, label: withUnit(String(resolution), "Å") });
  }
  return marks;
}

const PLANCK = 12.2643;

/** Wavelength of electrons in Å at an accelerating voltage in kV. */
export function wavelength(voltage: number): number {
  const volts = voltage * 1000;
  return PLANCK / Math.sqrt(volts * (1 + 0.978466e-6 * volts));
}

/** In kV and mm. */
export type Optics = Omit<Schemas["CtfOptics"], "pixel_size">;

/**
 * Frequencies in 1/Å at which the contrast vanishes: sin(chi) = 0, for a defocus in Å and a phase
 * shift in degrees. Where chi turns back, at very high frequency, they end.
 */
export function zeros(
  defocus: number,
  phaseShift: number,
  optics: Optics,
  edge: number,
  most = 60,
): number[] {
  const lambda = wavelength(optics.voltage);
  const aberration = optics.spherical_aberration * 1e7;
  const shift = (phaseShift * Math.PI) / 180 + Math.asin(Math.min(1, optics.amplitude_contrast));
  const found: number[] = [];
  for (let order = 1; order <= most; order += 1) {
    // pi lambda z s^2 - pi/2 Cs lambda^3 s^4 + shift = order pi, solved for s^2.
    const a = 0.5 * aberration * lambda ** 3;
    const b = -lambda * defocus;
    const c = order - shift / Math.PI;
    const inside = b * b - 4 * a * c;
    if (inside < 0) break;
    const square = a > 0 ? (-b - Math.sqrt(inside)) / (2 * a) : c / -b;
    if (!(square > 0)) continue;
    const frequency = Math.sqrt(square);
    if (frequency > edge) break;
    found.push(frequency);
  }
  return found;
}

/** Points of a ring on the picture, in parts of its half width: an ellipse where it is astigmatic. */
export function ringPoints(
  order: number,
  fit: { defocus_u: number; defocus_v: number; angle: number; phase_shift: number },
  optics: Optics,
  edge: number,
  points = 72,
): [number, number][] {
  const middle = 0.5 * (fit.defocus_u + fit.defocus_v);
  const half = 0.5 * (fit.defocus_u - fit.defocus_v);
  const found: [number, number][] = [];
  for (let index = 0; index <= points; index += 1) {
    const direction = (2 * Math.PI * index) / points;
    const defocus = middle + half * Math.cos(2 * (direction - (fit.angle * Math.PI) / 180));
    const frequency = zeros(defocus, fit.phase_shift, optics, Infinity, order)[order - 1];
    if (frequency === undefined) continue;
    const part = frequency / edge;
    found.push([part * Math.cos(direction), part * Math.sin(direction)]);
  }
  return found;
}
