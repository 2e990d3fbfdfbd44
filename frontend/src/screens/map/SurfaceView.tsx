import { Slider } from "@mantine/core";
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { figures, number, withUnit } from "@/units";
import styles from "./map.module.css";
import { about, dragged, FIRST_VIEW, times, upright, type Rotation } from "./volume/camera";
import { cast, type Shade } from "./volume/cast";
import { SurfaceGl } from "./volume/gl";
import { surfaceOf } from "./volume/surface";
import { enclosed, halved, levelToBeginWith, type Volume } from "./volume/volume";

const COLOUR = [86, 180, 233] as const;
/** Pixels along a side of a picture without WebGL: while it is turned, and at rest. */
const COARSE = 160;
const FINE = 420;
const REST = 160;
const TURN = 0.12;

interface Drawing {
  view: Rotation;
  shade: Shade;
  volume: Volume;
  level: number;
}

/** The surface of a map at a level that a person chooses; dragging or the arrow keys turn it. */
export function SurfaceView({ volume, label }: { volume: Volume; label: string }) {
  const first = useMemo(() => Math.round(levelToBeginWith(volume)), [volume]);
  const [chosen, setChosen] = useState<{ of: Volume; level: number } | null>(null);
  const level = chosen?.of === volume ? chosen.level : first;
  const [view, setView] = useState<Rotation>(FIRST_VIEW);
  const [zoom, setZoom] = useState(1.35);
  const inside = useMemo(() => enclosed(volume, level), [volume, level]);
  const density = volume.low + (level / 255) * (volume.high - volume.low);
  const shade = useMemo(() => ({ colour: COLOUR, zoom }), [zoom]);
  const turn = (right: number, down: number) => setView((now) => dragged(now, right, down));
  const press = (event: KeyboardEvent) => {
    const keys: Record<string, () => void> = {
      ArrowLeft: () => turn(-TURN, 0),
      ArrowRight: () => turn(TURN, 0),
      ArrowUp: () => turn(0, -TURN),
      ArrowDown: () => turn(0, TURN),
      "+": () => setZoom((now) => Math.min(6, now * 1.2)),
      "-": () => setZoom((now) => Math.max(0.5, now / 1.2)),
      "0": () => setView(FIRST_VIEW),
      r: () => setView((now) => upright(times(about("z", Math.PI / 12), now))),
    };
    if (!(event.key in keys)) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]?.();
  };
  return (
    <div className={styles.surface}>
      <Canvas
        drawing={{ view, shade, volume, level }}
        label={`${label} as a surface; drag or use the arrow keys to turn it, + and − to zoom`}
        onTurn={turn}
        onZoom={(by) => setZoom((now) => Math.min(6, Math.max(0.5, now * by)))}
        onKeyDown={press}
      />
      <div className={styles.level}>
        <span className={styles.quiet}>Level</span>
        <Slider
          min={1}
          max={254}
          value={level}
          onChange={(value) => setChosen({ of: volume, level: value })}
          label={null}
          size="sm"
          thumbLabel="Level of the surface"
        />
        <span className={styles.value}>{figures(density)}</span>
        <span className={styles.quiet}>
          encloses {withUnit(number(inside.volume / 1000), "nm³")}
        </span>
      </div>
    </div>
  );
}

interface CanvasProps {
  drawing: Drawing;
  label: string;
  onTurn: (right: number, down: number) => void;
  onZoom: (by: number) => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

function Canvas({ drawing, label, onTurn, onZoom, onKeyDown }: CanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [withGl, setWithGl] = useState(true);
  useGl(canvas, drawing, withGl, () => setWithGl(false));
  useCast(canvas, drawing, !withGl);
  useEffect(() => {
    const place = canvas.current;
    // React listens to wheels passively, so that the page would scroll too.
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      onZoom(event.deltaY < 0 ? 1.08 : 1 / 1.08);
    };
    place?.addEventListener("wheel", wheel, { passive: false });
    return () => place?.removeEventListener("wheel", wheel);
  });
  const move = (event: PointerEvent<HTMLCanvasElement>) => {
    if (!(event.buttons & 1)) return;
    const side = event.currentTarget.clientWidth || 1;
    onTurn(event.movementX / side, event.movementY / side);
  };
  return (
    <canvas
      // A canvas that had WebGL draws nothing else any more.
      key={withGl ? "gl" : "cast"}
      ref={canvas}
      className={styles.scene}
      role="img"
      aria-label={label}
      data-renderer={withGl ? "webgl" : "canvas"}
      tabIndex={0}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={move}
      onKeyDown={onKeyDown}
    />
  );
}

type CanvasRef = React.RefObject<HTMLCanvasElement | null>;

/** Draw with WebGL; the coarse map while the level is dragged, all of it at rest. */
function useGl(canvas: CanvasRef, drawing: Drawing, use: boolean, fails: () => void): void {
  const gl = useRef<SurfaceGl | null>(null);
  const { volume, level, view, shade } = drawing;
  const coarse = useMemo(() => (volume.side > 80 ? halved(volume) : volume), [volume]);
  const seen = useRef({ view, shade });
  useEffect(() => {
    seen.current = { view, shade };
    gl.current?.draw(view, shade);
  }, [view, shade]);
  useEffect(() => {
    const place = canvas.current;
    if (!use || !place) return;
    try {
      gl.current ??= new SurfaceGl(place);
    } catch {
      fails();
      return;
    }
    const one = gl.current;
    sized(place, 2);
    const show = (some: Volume) => {
      one.set(surfaceOf(some, level));
      one.draw(seen.current.view, seen.current.shade);
    };
    show(coarse);
    const timer = coarse === volume ? null : setTimeout(() => show(volume), REST);
    return () => {
      if (timer !== null) clearTimeout(timer);
    };
  }, [canvas, use, volume, coarse, level, fails]);
  useEffect(() => {
    const place = canvas.current;
    if (!use || !place) return;
    const size = new ResizeObserver(() => {
      sized(place, 2);
      gl.current?.draw(seen.current.view, seen.current.shade);
    });
    size.observe(place);
    return () => {
      size.disconnect();
      gl.current?.dispose();
      gl.current = null;
    };
  }, [canvas, use]);
}

function sized(canvas: HTMLCanvasElement, most: number): void {
  const ratio = Math.min(most, window.devicePixelRatio || 1);
  const [width, height] = [canvas.clientWidth * ratio, canvas.clientHeight * ratio].map(Math.round);
  if (width && height && (canvas.width !== width || canvas.height !== height))
    Object.assign(canvas, { width, height });
}

/** Draw without WebGL: coarsely at once, finely when the hand rests. */
function useCast(canvas: CanvasRef, drawing: Drawing, use: boolean): void {
  const { volume, level, view, shade } = drawing;
  useEffect(() => {
    const context = use ? canvas.current?.getContext("2d") : null;
    if (!context) return;
    const show = (size: number) => {
      context.canvas.width = context.canvas.height = size;
      const picture = new ImageData(size, size);
      picture.data.set(cast(volume, level, view, size, shade));
      context.putImageData(picture, 0, 0);
    };
    show(COARSE);
    const timer = setTimeout(() => show(FINE), REST);
    return () => clearTimeout(timer);
  }, [canvas, use, volume, level, view, shade]);
}
