import { withUnit, number } from "@/units";
import { radiusOf, ringMarks, ringPoints } from "./spectrum";
import type { Ctf, ExposureDetail } from "./types";
import styles from "./exposures.module.css";

interface Props {
  detail: ExposureDetail | undefined;
  /** Draw the first zeros of the fit, too. */
  rings?: boolean;
}

/** The power spectrum with radii in Å, how far the fit holds, and the fitted rings. */
export function SpectrumView({ detail, rings = false }: Props) {
  const spectrum = detail?.spectrum;
  const ctf = detail?.ctf ?? null;
  const edge = ctf?.edge ?? null;
  const reached = ctf?.resolution ?? null;
  return (
    <figure className={styles.figure}>
      <figcaption>
        <span>Power spectrum</span>
        {reached !== null && reached > 0 && (
          <span className={styles.quiet}>fit to {withUnit(number(reached, 2), "Å")}</span>
        )}
      </figcaption>
      {spectrum ? (
        <div className={styles.picture}>
          <img
            src={spectrum.url}
            alt={`Power spectrum of ${detail.name}, with the fitted rings in the right half`}
            width={320}
            height={320}
          />
          {ctf && edge !== null && <Rings ctf={ctf} edge={edge} rings={rings} />}
        </div>
      ) : (
        <div className={styles.noPicture}>{detail ? "no spectrum yet" : ""}</div>
      )}
    </figure>
  );
}

const RADIUS = 160;

function Rings({ ctf, edge, rings }: { ctf: Ctf; edge: number; rings: boolean }) {
  const fit = ctf.resolution ? radiusOf(ctf.resolution, edge) : null;
  return (
    <svg className={styles.overlay} viewBox="-160 -160 320 320" aria-hidden="true">
      {ringMarks(edge).map(({ part, label }) => (
        <g key={label} className={styles.radius}>
          <circle r={part * RADIUS} />
          <text x={-part * RADIUS * Math.SQRT1_2} y={part * RADIUS * Math.SQRT1_2} dy="4">
            {label}
          </text>
        </g>
      ))}
      {fit !== null && <circle className={styles.reach} r={fit * RADIUS} />}
      {rings && ctf.optics && <FittedZeros ctf={ctf} optics={ctf.optics} edge={edge} />}
    </svg>
  );
}

function FittedZeros({
  ctf,
  optics,
  edge,
}: {
  ctf: Ctf;
  optics: NonNullable<Ctf["optics"]>;
  edge: number;
}) {
  return (
    <>
      {[1, 2, 3, 4, 5].map((order) => (
        <polyline
          key={order}
          className={styles.zero}
          points={ringPoints(order, ctf, optics, edge)
            .map(([x, y]) => `${(x * RADIUS).toFixed(1)},${(y * RADIUS).toFixed(1)}`)
            .join(" ")}
        />
      ))}
    </>
  );
}
