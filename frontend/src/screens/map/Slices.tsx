import { Slider } from "@mantine/core";
import { useEffect, useMemo, useRef, type PointerEvent } from "react";
import { number, withUnit } from "@/units";
import styles from "./map.module.css";
import { counts, slice, type Axis, type Volume } from "./volume/volume";

/** A place in the map, in voxels. */
export type Place = Record<Axis, number>;

interface SlicesProps {
  volume: Volume;
  place: Place;
  onPlace: (place: Place) => void;
}

/** Columns and rows of the slice across each axis. */
const PLANES: Record<Axis, readonly [Axis, Axis]> = { z: ["x", "y"], y: ["x", "z"], x: ["y", "z"] };

/** The map cut across each axis at one place; clicking on a slice moves the other two there. */
export function Slices({ volume, place, onPlace }: SlicesProps) {
  const greys = useMemo(() => limits(volume), [volume]);
  return (
    <div className={styles.slices}>
      {(["z", "y", "x"] as const).map((axis) => (
        <OneSlice
          key={axis}
          axis={axis}
          volume={volume}
          greys={greys}
          place={place}
          onPlace={onPlace}
        />
      ))}
    </div>
  );
}

/** Bytes that are black and white: all but a few voxels lie between them. */
function limits(volume: Volume): readonly [number, number] {
  const histogram = counts(volume);
  const at = (share: number) => {
    let sum = 0;
    const wanted = share * volume.data.length;
    return histogram.findIndex((count) => (sum += count) >= wanted);
  };
  const [low, high] = [at(0.005), at(0.999)];
  return high > low ? [low, high] : [low, low + 1];
}

interface OneProps extends SlicesProps {
  axis: Axis;
  greys: readonly [number, number];
}

function OneSlice({ axis, volume, greys, place, onPlace }: OneProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { side } = volume;
  const at = place[axis];
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    const picture = new ImageData(side, side);
    const [low, high] = greys;
    slice(volume, axis, at).forEach((value, index) => {
      const grey = ((value - low) / (high - low)) * 255;
      picture.data.set([grey, grey, grey, 255], 4 * index);
    });
    context.putImageData(picture, 0, 0);
  }, [volume, axis, at, side, greys]);
  const [across, down] = PLANES[axis];
  const point = (event: PointerEvent<HTMLElement>) => {
    if (!(event.buttons & 1)) return;
    const box = event.currentTarget.getBoundingClientRect();
    const voxel = (part: number) => Math.min(side - 1, Math.max(0, Math.floor(part * side)));
    onPlace({
      ...place,
      [across]: voxel((event.clientX - box.left) / box.width),
      [down]: voxel((event.clientY - box.top) / box.height),
    });
  };
  const middle = (side - 1) / 2;
  return (
    <figure className={styles.slice}>
      <div className={styles.cut} onPointerDown={point} onPointerMove={point}>
        <canvas
          ref={canvas}
          width={side}
          height={side}
          role="img"
          aria-label={`Slice across ${axis} at ${at}`}
        />
        <svg viewBox={`0 0 ${side} ${side}`} aria-hidden="true" preserveAspectRatio="none">
          <path d={`M${place[across] + 0.5} 0V${side}M0 ${place[down] + 0.5}H${side}`} />
        </svg>
      </div>
      <figcaption>
        <span>{axis}</span>
        <Slider
          min={0}
          max={side - 1}
          value={at}
          onChange={(value) => onPlace({ ...place, [axis]: value })}
          label={null}
          size="sm"
          thumbLabel={`Place of the slice across ${axis}`}
        />
        <span className={styles.value}>
          {withUnit(number((at - middle) * volume.spacing), "Å")}
        </span>
      </figcaption>
    </figure>
  );
}
