import { Checkbox } from "@mantine/core";
import { useState } from "react";
import { sessionPath, useApi } from "@/api/queries";
import { address } from "@/api/client";
import { number, withUnit } from "@/units";
import { scaleBar } from "./viewer/geometry";
import type { ExposureDetail, PickSet } from "./types";
import styles from "./exposures.module.css";

interface Props {
  session: string;
  branch: string;
  detail: ExposureDetail | undefined;
  /** Pixels of the picture that is asked for. */
  size?: number;
}

/** Address of a micrograph as a picture. */
export function micrographUrl(
  session: string,
  micrograph: NonNullable<ExposureDetail["micrograph"]>,
  query: Record<string, number | undefined>,
): string {
  const { result, port, index } = micrograph;
  return address(sessionPath(session, `/results/${result}/pictures/${port}/${index}.png`), query);
}

/** Address of a tile of a micrograph. */
export function tileUrl(
  session: string,
  { result, port, index }: NonNullable<ExposureDetail["micrograph"]>,
  { level, column, row }: { level: number; column: number; row: number },
  query: Record<string, number | undefined>,
): string {
  const tile = `${index}_files/${level}/${column}_${row}.png`;
  return address(sessionPath(session, `/results/${result}/pictures/${port}/${tile}`), query);
}

/** A micrograph with its picks and a bar of length, as a still picture. */
export function MicrographFigure({ session, branch, detail, size = 768 }: Props) {
  const [shown, setShown] = useState(true);
  const path = sessionPath(session, `/exposures/${encodeURIComponent(detail?.name ?? "")}/picks`);
  const enabled = detail !== undefined && (detail.qualities["picks.count"]?.value ?? 0) > 0;
  const picks = useApi<PickSet[]>(path, { branch }, { enabled }).data?.at(-1);
  const micrograph = detail?.micrograph;
  const mine = enabled && picks ? picks : undefined;
  return (
    <figure className={styles.figure}>
      <figcaption>
        <span>Micrograph</span>
        {mine && (
          <Checkbox
            size="xs"
            label={`${number(mine.points.length)} picks`}
            checked={shown}
            onChange={(event) => setShown(event.currentTarget.checked)}
          />
        )}
      </figcaption>
      {micrograph ? (
        <div className={styles.picture}>
          <img
            src={micrographUrl(session, micrograph, { size })}
            alt={`Micrograph of ${detail.name}`}
            width={micrograph.width}
            height={micrograph.height}
          />
          <Overlay micrograph={micrograph} picks={shown ? mine : undefined} />
        </div>
      ) : (
        <div className={styles.noPicture}>{detail ? "no micrograph yet" : ""}</div>
      )}
    </figure>
  );
}

function Overlay({
  micrograph: { width, height, pixel_size },
  picks,
}: {
  micrograph: NonNullable<ExposureDetail["micrograph"]>;
  picks: PickSet | undefined;
}) {
  const bar = scaleBar({ scale: 1, x: 0, y: 0 }, pixel_size, width * 0.3);
  const unit = width / 100;
  return (
    <svg className={styles.overlay} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      {picks?.points.map(([x, y], index) => (
        <circle
          key={index}
          className={styles.pick}
          cx={x}
          cy={y}
          r={picks.diameter / picks.pixel_size / 2}
        />
      ))}
      <g className={styles.bar}>
        <rect x={2 * unit} y={height - 3 * unit} width={bar / pixel_size} height={0.8 * unit} />
        <text x={2 * unit} y={height - 4 * unit} fontSize={3.4 * unit}>
          {withUnit(number(bar / 10, bar < 10 ? 1 : 0), "nm")}
        </text>
      </g>
    </svg>
  );
}
