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
  /** Number of the event at which the exposure was told of. */
  asof?: number;
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
export function MicrographFigure({ session, branch, detail, asof, size = 768 }: Props) {
  const [chosen, setChosen] = useState<ReadonlySet<string> | null>(null);
  const path = sessionPath(session, `/exposures/${encodeURIComponent(detail?.name ?? "")}/picks`);
  const enabled = detail !== undefined && (detail.qualities["picks.count"]?.value ?? 0) > 0;
  const sets = useApi<PickSet[]>(path, { branch, asof }, { enabled }).data ?? [];
  const micrograph = detail?.micrograph;
  const mine = enabled ? sets : [];
  // The last step sees what those before it have found: of several, its picks are shown first.
  const wanted = chosen ?? new Set(mine.slice(-1).map(({ step }) => step));
  const shown = drawnSets(mine, micrograph?.width ?? 0).filter(({ step }) => wanted.has(step));
  const toggle = (step: string): void =>
    setChosen(
      new Set(wanted.has(step) ? [...wanted].filter((one) => one !== step) : [...wanted, step]),
    );
  return (
    <figure className={styles.figure}>
      <figcaption>
        <span>Micrograph</span>
        {mine.length === 1 &&
          mine.map((set) => <SetChoice key={set.step} {...{ set, wanted, toggle }} />)}
      </figcaption>
      {micrograph ? (
        <div className={styles.picture}>
          <img
            src={micrographUrl(session, micrograph, { size })}
            alt={`Micrograph of ${detail.name}`}
            width={micrograph.width}
            height={micrograph.height}
          />
          <Overlay micrograph={micrograph} sets={shown} />
        </div>
      ) : (
        <div className={styles.noPicture}>{detail ? "no micrograph yet" : ""}</div>
      )}
      {mine.length > 1 && (
        <div className={styles.sets}>
          {mine.map((set, place) => (
            <SetChoice key={set.step} colour={colourOf(place)} {...{ set, wanted, toggle }} />
          ))}
        </div>
      )}
    </figure>
  );
}

interface ChoiceProps {
  set: PickSet;
  colour?: string;
  wanted: ReadonlySet<string>;
  toggle: (step: string) => void;
}

/** Which of the sets are drawn; what their circles mean where several are. */
function SetChoice({ set, colour, wanted, toggle }: ChoiceProps) {
  const size = set.known
    ? `diameter ${withUnit(number(set.diameter), "Å")}`
    : "diameter not known yet: small circles mark the centres";
  const count = `${number(set.points.length)} picks`;
  return (
    <Checkbox
      size="xs"
      color={colour}
      label={colour ? `${set.title || set.step}: ${count}, ${size}` : count}
      title={size}
      checked={wanted.has(set.step)}
      onChange={() => toggle(set.step)}
    />
  );
}

/** Colours on grey, those of the first sets told apart by all. */
const PICKS = ["#56b4e9", "#e69f00", "#cc79a7", "#009e73", "#f0e442", "#d55e00"] as const;
const colourOf = (place: number): string => PICKS[place % PICKS.length] ?? PICKS[0];

interface DrawnSet {
  step: string;
  place: number;
  points: PickSet["points"];
  radius: number;
}

/** Part of the width by which circles of one size are drawn apart, so that none hides another. */
const APART = 0.007;

function drawnSets(sets: readonly PickSet[], width: number): DrawnSet[] {
  const radii: number[] = [];
  return sets.map(({ step, points, diameter, pixel_size }, place) => {
    let radius = diameter / pixel_size / 2;
    while (width > 0 && radii.some((other) => Math.abs(other - radius) < 0.99 * APART * width))
      radius += APART * width;
    radii.push(radius);
    return { step, place, points, radius };
  });
}

function Overlay({
  micrograph: { width, height, pixel_size },
  sets,
}: {
  micrograph: NonNullable<ExposureDetail["micrograph"]>;
  sets: readonly DrawnSet[];
}) {
  const bar = scaleBar({ scale: 1, x: 0, y: 0 }, pixel_size, width * 0.3);
  const unit = width / 100;
  return (
    <svg className={styles.overlay} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      {sets.map(({ step, place, points, radius }) => (
        <g key={step} data-picks={step} stroke={colourOf(place)}>
          {points.map(([x, y], index) => (
            <circle key={index} className={styles.pick} cx={x} cy={y} r={radius} />
          ))}
        </g>
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
