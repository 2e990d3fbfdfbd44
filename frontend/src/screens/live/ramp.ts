// Colours of values on the map: Viridis, which people of every colour vision read in order.

const VIRIDIS = [
  [68, 1, 84],
  [72, 40, 120],
  [62, 74, 137],
  [49, 104, 142],
  [38, 130, 142],
  [31, 158, 137],
  [53, 183, 121],
  [110, 206, 88],
  [181, 222, 43],
  [253, 231, 37],
] as const;

/** The colour of a part from 0 to 1; what lies beyond has the colour of the end. */
export function ramp(part: number): string {
  const at = Math.min(1, Math.max(0, part)) * (VIRIDIS.length - 1);
  const index = Math.min(VIRIDIS.length - 2, Math.floor(at));
  const [from, to] = [VIRIDIS[index] ?? VIRIDIS[0], VIRIDIS[index + 1] ?? VIRIDIS[9]];
  const mixed = from.map((one, channel) => {
    const other = to[channel] ?? one;
    return Math.round(one + (other - one) * (at - index));
  });
  return `rgb(${mixed.join(",")})`;
}

/** The whole ramp, as a background. */
export const RAMP_CSS = `linear-gradient(90deg,${VIRIDIS.map((one) => `rgb(${one.join(",")})`).join(",")})`;
