import { Button, Select } from "@mantine/core";
import { useMemo, useState } from "react";
import { useNavigate } from "react-router";
import { sessionPath, useApi } from "@/api/queries";
import { Empty, Panel, Shown } from "@/ui";
import { figures, number, plural, withUnit } from "@/units";
import { exposureHref } from "../exposures/addresses";
import { rangeFilter, type Brush } from "../measured/brush";
import type { Columns, Quality } from "../measured/types";
import { GridCanvas } from "./GridCanvas";
import { offScale } from "./gridmap";
import styles from "./live.module.css";
import { marksOf, mustAsk } from "./marks";
import { RAMP_CSS } from "./ramp";
import type { Squares } from "./squares";
import { SquaresTable } from "./SquaresTable";

interface Props {
  session: string;
  branch: string;
  qualities: readonly Quality[];
  columns: Columns | null;
  /** Which of the columns are marked. */
  mask: Uint8Array | null;
  brush: Brush | null;
  /** Where squares can be marked. */
  onBrush?: (brush: Brush | null) => void;
}

/** More exposures than the map of one square, or of all in one picture, has. */
const EVERY = 200_000;

/** The map of the grid: squares, and the holes of one of them, in the colour of any quality. */
export function GridMap(props: Props) {
  const { session, branch, qualities, columns, mask, brush, onBrush } = props;
  const [chosen, setChosen] = useState<string | null>(null);
  const [square, setSquare] = useState<string | null>(null);
  const navigate = useNavigate();
  const name = chosen ?? qualities[0]?.name ?? "";
  const quality = qualities.find((one) => one.name === name);
  const squares = useApi<Squares>(
    sessionPath(session, "/squares"),
    { quality: name, square: square ?? undefined, branch },
    { enabled: name !== "" },
  );
  const matching = useMatching(props, squares.data, square);
  const marks = useMemo(
    () => squares.data && marksOf(brush, squares.data, { columns, mask, matching }),
    [brush, squares.data, columns, mask, matching],
  );
  const pressed = (hit: string, add: boolean): void => {
    if (add && onBrush) onBrush(withSquare(brush, hit));
    else setSquare(hit);
  };
  return (
    <Panel
      title="Map of the grid"
      note={square === null ? undefined : `square ${square}`}
      tools={
        <>
          {square !== null && (
            <Button size="compact-xs" variant="default" onClick={() => setSquare(null)}>
              All squares
            </Button>
          )}
          {name !== "" && (
            <Select
              size="xs"
              aria-label="Colour by"
              className={styles.mapSelect}
              data={qualities.map((one) => ({ value: one.name, label: one.short }))}
              value={name}
              onChange={setChosen}
              allowDeselect={false}
              comboboxProps={{ withinPortal: true }}
            />
          )}
        </>
      }
    >
      <Shown query={squares} what="The map" loading={<Before measured={name !== ""} />}>
        {(map) =>
          map.squares.length === 0 ? (
            <Empty title="No map">
              The metadata tell neither stage positions nor grid squares of the exposures.
            </Empty>
          ) : (
            <>
              <GridCanvas
                map={map}
                quality={quality}
                square={square}
                marks={marks ?? null}
                onSquare={pressed}
                onExposure={(hit) => void navigate(exposureHref(session, hit, branch))}
              />
              <Legend map={map} quality={quality} square={square} marking={onBrush !== undefined} />
              <SquaresTable map={map} quality={quality} onSquare={pressed} />
            </>
          )
        }
      </Shown>
    </Panel>
  );
}

/** In the place of the map: nothing while it comes, words where nothing is measured yet. */
function Before({ measured }: { measured: boolean }) {
  if (measured) return <div className={styles.mapPlace} />;
  return (
    <Empty title="No map yet">Squares show here in the colour of what is measured in them.</Empty>
  );
}

const withSquare = (brush: Brush | null, square: string): Brush => {
  const before = brush?.from === "map" ? (brush.squares ?? []) : [];
  const squares = before.includes(square)
    ? before.filter((one) => one !== square)
    : [...before, square];
  return { from: "map", squares };
};

/** Numbers of the exposures in a range of a quality that the map does not show. */
function useMatching(
  { session, branch, columns, brush }: Props,
  map: Squares | undefined,
  square: string | null,
): ReadonlySet<number> | null {
  const range = brush && map && mustAsk(brush, map, columns) ? rangeFilter(brush) : null;
  const { data } = useApi<{ number: readonly number[] }>(
    sessionPath(session, "/columns"),
    { where: range ?? undefined, square: square ?? undefined, most: EVERY, branch },
    { enabled: range !== null },
  );
  return useMemo(() => (range === null || !data ? null : new Set(data.number)), [range, data]);
}

function Legend({
  map,
  quality,
  square,
  marking,
}: {
  map: Squares;
  quality: Quality | undefined;
  square: string | null;
  marking: boolean;
}) {
  const scale = quality?.scale ?? 1;
  const [low, high] = map.range ?? [null, null];
  const text = (value: number | null): string =>
    value === null ? "–" : withUnit(figures(value * scale), quality?.unit ?? "");
  const holes = square !== null || map.squares.length === 1;
  const count = holes ? (map.places?.number.length ?? 0) : map.squares.length;
  const missing = map.positions ? (map.places?.x.filter((x) => x === null).length ?? 0) : 0;
  const off = holes ? offScale(map.places?.value ?? [], map.range) : "";
  return (
    <div className={styles.legend}>
      <span>{text(low)}</span>
      <span className={styles.ramp} style={{ backgroundImage: RAMP_CSS }} />
      <span>{text(high)}</span>
      {off && <span>{off}</span>}
      {holes && (
        <>
          <span className={styles.ring} data-state="rejected">
            rejected
          </span>
          <span className={styles.ring} data-state="failed">
            failed
          </span>
        </>
      )}
      <span className={styles.legendNote}>
        {!holes
          ? `${plural(count, "square")}, medians; press one for its holes${marking ? ", with shift to mark it" : ""}`
          : `${number(count)} exposures; press one to open it`}
        {missing > 0 && `; ${number(missing)} without a stage position`}
        {!map.positions && "; without stage positions, in the order of arrival"}
      </span>
    </div>
  );
}
