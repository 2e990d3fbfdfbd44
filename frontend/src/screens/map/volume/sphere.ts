/** Directions of view on a flat picture of the whole sphere. */

export interface Direction {
  x: number;
  y: number;
  z: number;
  count: number;
}

/** Longitude and latitude of a direction, in radians. */
export function anglesOf({ x, y, z }: Direction): { longitude: number; latitude: number } {
  const length = Math.hypot(x, y, z) || 1;
  return {
    longitude: Math.atan2(y, x),
    latitude: Math.asin(Math.min(1, Math.max(-1, z / length))),
  };
}

/**
 * Mollweide's projection, which keeps areas: x from -2 to 2, y from -1 to 1. Equal crowds of views
 * look equally crowded wherever they are.
 */
export function mollweide(longitude: number, latitude: number): { x: number; y: number } {
  let angle = latitude;
  if (Math.abs(Math.abs(latitude) - Math.PI / 2) > 1e-6) {
    for (let round = 0; round < 12; round += 1) {
      const wrong = 2 * angle + Math.sin(2 * angle) - Math.PI * Math.sin(latitude);
      angle -= wrong / (2 + 2 * Math.cos(2 * angle));
    }
  }
  return { x: ((2 * longitude) / Math.PI) * Math.cos(angle), y: Math.sin(angle) };
}

/** A line of equal longitude or latitude as SVG path data. */
export function gridLine(kind: "longitude" | "latitude", degrees: number): string {
  const fixed = (degrees * Math.PI) / 180;
  const count = 48;
  const points = Array.from({ length: count + 1 }, (_, index) => {
    const part = index / count;
    const { x, y } =
      kind === "longitude"
        ? mollweide(fixed, (part - 0.5) * Math.PI)
        : mollweide((part * 2 - 1) * Math.PI, fixed);
    return `${x.toFixed(3)} ${(-y).toFixed(3)}`;
  });
  return `M${points.join("L")}`;
}

/** Share of the views that the busiest tenth of the directions has: 0.1 where all are alike. */
export function crowding(directions: readonly Direction[]): number {
  const sorted = directions.map((each) => each.count).sort((a, b) => b - a);
  const all = sorted.reduce((sum, count) => sum + count, 0);
  const tenth = sorted.slice(0, Math.max(1, Math.round(sorted.length / 10)));
  return all > 0 ? tenth.reduce((sum, count) => sum + count, 0) / all : 0;
}
