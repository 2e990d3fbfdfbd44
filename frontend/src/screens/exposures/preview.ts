// What a change of limits would do, in words, from what the server worked out.

import type { Schemas } from "@/api/types";
import { figures, number, plural, withUnit } from "@/units";
import type { Quality } from "../measured/types";

/** What a change of the limits of a selection would gain and lose; names are a few hundred at most. */
export type Turned = Schemas["GainsAndLosses"];

/** Exposures and particles in one sentence each. */
export function turnedWords(turned: Turned): string[] {
  const { judged, accepted, gained, lost, particles } = turned;
  const said = [
    `${number(turned.accepted_after)} of ${number(judged)} exposures accepted, ${number(accepted)} before: ` +
      `${number(gained)} gained, ${number(lost)} lost.`,
  ];
  if (particles > 0 && (gained > 0 || lost > 0)) {
    const part = (100 * turned.particles_lost) / particles;
    const more = turned.particles_gained
      ? `, about ${number(Math.round(turned.particles_gained))} gained`
      : "";
    said.push(
      `Of ${plural(particles, "particle")} ${number(turned.particles_lost)} ` +
        `(${withUnit(number(part, part < 10 ? 1 : 0), "%")}) lost${more}.`,
    );
  }
  if (turned.unknown > 0) said.push(`${number(turned.unknown)} could not be judged.`);
  return said;
}

/** Medians of what stays, comes and goes: "CTF fit: kept 3.5 Å, lost 6.8 Å". */
export function medianWords(turned: Turned, qualities: readonly Quality[]): string[] {
  return turned.medians.flatMap((one) => {
    const quality = qualities.find(({ name }) => name === one.quality);
    if (!quality) return [];
    const said = (["kept", "gained", "lost"] as const).flatMap((side) => {
      const value = one[side];
      if (value === null) return [];
      return [`${side} ${withUnit(figures(value * quality.scale), quality.unit)}`];
    });
    return said.length > 1 ? [`${quality.short}: ${said.join(", ")}`] : [];
  });
}
