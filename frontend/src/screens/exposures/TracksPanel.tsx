import { Panel } from "@/ui";
import { figures, withUnit } from "@/units";
import styles from "./exposure.module.css";
import { arrowScale, trackView } from "./tracks";
import type { ExposureDetail, Tracks } from "./types";

/** How the specimen moved: its track frame by frame, and the field of motion over the area. */
export function TracksPanel({ tracks, detail }: { tracks: Tracks; detail: ExposureDetail }) {
  const view = trackView(tracks.frames);
  if (!view) return null;
  const doubt = tracks.known === false ? "no signal to align: the track means nothing; " : "";
  const angstrom = (value: number): string => withUnit(figures(value), "Å");
  return (
    <Panel
      title="Motion"
      note={`${doubt}${angstrom(view.length)} along ${tracks.frames.length} frames; ${angstrom(view.drift)} from first to last`}
    >
      <div className={styles.motion}>
        <svg
          viewBox="0 0 100 100"
          role="img"
          aria-label={`Track of the specimen, ${angstrom(view.length)} long`}
        >
          <polyline
            className={styles.track}
            points={view.points
              .map((point) => point.map((one) => one.toFixed(2)).join(","))
              .join(" ")}
          />
          {view.points.map(([x, y], index) => (
            <circle
              key={index}
              className={index === 0 ? styles.firstFrame : styles.frame}
              cx={x}
              cy={y}
              r={index === 0 ? 2.2 : 0.9}
            />
          ))}
          <rect className={styles.trackBar} x="6" y="96" width={100 * view.barPart} height="1.2" />
          <text x="6" y="94">
            {angstrom(view.bar)}
          </text>
        </svg>
        {tracks.patches && tracks.patches.length > 0 && detail.micrograph && (
          <Field patches={tracks.patches} micrograph={detail.micrograph} />
        )}
      </div>
    </Panel>
  );
}

function Field({
  patches,
  micrograph: { width, height },
}: {
  patches: NonNullable<Tracks["patches"]>;
  micrograph: { width: number; height: number };
}) {
  const apart = Math.max(width, height) / Math.max(2, Math.sqrt(patches.length));
  const scale = arrowScale(patches, apart * 0.6);
  // Arrows at the edge lead out of the area.
  const room = 0.05 * Math.max(width, height);
  return (
    <svg
      viewBox={`${-room} ${-room} ${width + 2 * room} ${height + 2 * room}`}
      role="img"
      aria-label={`Field of motion at ${patches.length} places`}
    >
      <rect className={styles.area} width={width} height={height} />
      {patches.map(({ x, y, dx, dy }) => (
        <g key={`${x} ${y}`}>
          <line className={styles.arrow} x1={x} y1={y} x2={x + dx * scale} y2={y + dy * scale} />
          <circle className={styles.frame} cx={x} cy={y} r={width / 130} />
        </g>
      ))}
    </svg>
  );
}
