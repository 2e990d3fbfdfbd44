import { useMemo } from "react";
import { number, plural } from "@/units";
import styles from "./map.module.css";
import type { View } from "./types";
import { anglesOf, crowding, gridLine, mollweide } from "./volume/sphere";

const GRID_LINES = [
  ...[-120, -60, 0, 60, 120].map((degrees) => gridLine("longitude", degrees)),
  ...[-60, -30, 0, 30, 60].map((degrees) => gridLine("latitude", degrees)),
];
const EDGE = `${gridLine("longitude", -180)}${gridLine("longitude", 180)}`;

/** From which directions the particles are seen: the whole sphere, its areas kept. */
export function Orientations({
  views,
  efficiency,
}: {
  views: readonly View[];
  efficiency: number;
}) {
  const dots = useMemo(() => {
    const most = Math.max(1, ...views.map((view) => view.particles));
    return [...views]
      .sort((a, b) => a.particles - b.particles)
      .filter((view) => view.particles > 0)
      .map((view) => {
        const { longitude, latitude } = anglesOf({ ...view, count: view.particles });
        const { x, y } = mollweide(longitude, latitude);
        return { x, y: -y, part: view.particles / most };
      });
  }, [views]);
  const crowd = crowding(views.map((view) => ({ ...view, count: view.particles })));
  const all = views.reduce((sum, view) => sum + view.particles, 0);
  return (
    <figure className={styles.sphere}>
      <svg
        viewBox="-2.08 -1.08 4.16 2.16"
        role="img"
        aria-label={`Directions of view of ${plural(Math.round(all), "particle")}`}
      >
        <path className={styles.edge} d={EDGE} />
        <path className={styles.grid} d={GRID_LINES.join("")} />
        {dots.map(({ x, y, part }) => (
          <circle
            key={`${x} ${y}`}
            cx={x.toFixed(3)}
            cy={y.toFixed(3)}
            r={(0.014 + 0.05 * Math.sqrt(part)).toFixed(4)}
            opacity={(0.3 + 0.6 * part).toFixed(2)}
          />
        ))}
      </svg>
      <figcaption>
        The busiest tenth of the directions has {number(100 * crowd)} % of the particles (10 % where
        all are alike). Views fill Fourier space with an efficiency of {number(efficiency, 2)}, of 1
        at best.
      </figcaption>
    </figure>
  );
}
