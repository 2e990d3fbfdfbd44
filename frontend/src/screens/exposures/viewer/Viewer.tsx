import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { number, withUnit } from "@/units";
import type { PickSet } from "../types";
import { drawView, type View } from "./draw";
import { fitted, moved, pixelAt, wantedSize, zoomed, type Frame, type Size } from "./geometry";
import { tilesFor, type Tile } from "./tiles";
import { usePicture } from "./usePicture";
import { useTiles } from "./useTiles";
import styles from "./viewer.module.css";

interface Props {
  /** Of the micrograph, in its own pixels. */
  picture: Size;
  /** Å */
  pixelSize: number;
  /** Address of the picture with so many pixels along its longer side. */
  url: (size: number) => string;
  /** Address of a tile, where there are more pixels than the picture has. */
  tileUrl: ((tile: Tile) => string) | null;
  picks: PickSet | undefined;
  label: string;
}

const WHEEL = 1.0015;
const STEP = 60;
/** Pixels of the largest picture that the server makes as a whole. */
const OVERVIEW = 2048;

/**
 * A micrograph that is zoomed by wheel, keys and two fingers and moved by dragging. More pixels
 * are asked for as they are needed; until they come, those that are there are shown.
 */
export function Viewer({ picture, pixelSize, url, tileUrl, picks, label }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [window_, setWindow] = useState<Size>({ width: 0, height: 0 });
  const [frame, setFrame] = useState<Frame | null>(null);
  const [at, setAt] = useState<{ x: number; y: number } | null>(null);
  const fingers = useRef(new Map<number, { x: number; y: number }>());
  const density = window.devicePixelRatio || 1;
  const shown = frame ?? fitted(picture, window_);
  const size = window_.width > 0 ? Math.min(OVERVIEW, wantedSize(shown, picture, density)) : 0;
  const { image, failed, coming } = usePicture(size > 0 ? url(size) : null);
  const needed = window_.width > 0 ? tilesFor(shown, picture, window_, density, OVERVIEW) : [];
  const tiles = useTiles(needed, tileUrl);
  useEffect(() => {
    if (!box.current) return;
    const watch = new ResizeObserver(([entry]) => {
      const { width = 0, height = 0 } = entry?.contentRect ?? {};
      setWindow({ width, height });
      setFrame(null);
    });
    watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    const view: View = { frame: shown, picture, window: window_, density, pixelSize };
    if (canvas.current && window_.width > 0) drawView(canvas.current, view, image, tiles, picks);
  });
  // Not through React: its wheel handlers cannot keep the page from scrolling.
  useEffect(() => {
    const node = box.current;
    if (!node) return;
    const wheel = (event: WheelEvent): void => {
      event.preventDefault();
      const place = inside(node, event);
      const factor = WHEEL ** -event.deltaY;
      setFrame((now) => zoomed(now ?? fitted(picture, window_), factor, place, picture, window_));
    };
    node.addEventListener("wheel", wheel, { passive: false });
    return () => node.removeEventListener("wheel", wheel);
  }, [picture, window_]);
  const zoom = (factor: number): void =>
    setFrame(
      zoomed(shown, factor, { x: window_.width / 2, y: window_.height / 2 }, picture, window_),
    );
  const pointerMove = (event: PointerEvent<HTMLDivElement>): void => {
    const place = inside(event.currentTarget, event);
    setAt(pixelAt(shown, place.x, place.y));
    const before = fingers.current.get(event.pointerId);
    if (!before) return;
    const [one, two] = [...fingers.current.values()];
    if (one && two) {
      const other = before === one ? two : one;
      const factor = apart(place, other) / Math.max(1, apart(before, other));
      setFrame(zoomed(shown, factor, other, picture, window_));
    } else {
      setFrame(moved(shown, place.x - before.x, place.y - before.y, picture, window_));
    }
    fingers.current.set(event.pointerId, place);
  };
  const lift = (event: PointerEvent): void => void fingers.current.delete(event.pointerId);
  const key = (event: KeyboardEvent): void => {
    const move = MOVES[event.key];
    if (event.key === "+" || event.key === "=") zoom(1.5);
    else if (event.key === "-") zoom(1 / 1.5);
    else if (event.key === "0") setFrame(null);
    else if (move && event.shiftKey) setFrame(moved(shown, ...move, picture, window_));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      ref={box}
      className={styles.box}
      role="application"
      aria-roledescription="Micrograph viewer"
      aria-label={`${label}. Plus and minus zoom, 0 shows all, shift and arrows move.`}
      tabIndex={0}
      onKeyDown={key}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        fingers.current.set(event.pointerId, inside(event.currentTarget, event));
      }}
      onPointerMove={pointerMove}
      onPointerUp={lift}
      onPointerCancel={lift}
      onPointerLeave={() => setAt(null)}
      onDoubleClick={(event) =>
        setFrame(zoomed(shown, 2, inside(event.currentTarget, event), picture, window_))
      }
    >
      <canvas ref={canvas} />
      {failed && <div className={styles.failed}>The picture cannot be shown: {failed}</div>}
      <div className={styles.said}>
        {coming ? "loading … " : ""}
        {withUnit(number(100 * shown.scale, 0), "%")}
        {at && ` · ${number(Math.round(at.x))}, ${number(Math.round(at.y))} px`}
      </div>
    </div>
  );
}

const MOVES: Readonly<Record<string, [number, number]>> = {
  ArrowLeft: [STEP, 0],
  ArrowRight: [-STEP, 0],
  ArrowUp: [0, STEP],
  ArrowDown: [0, -STEP],
};

function inside(node: Element, event: { clientX: number; clientY: number }) {
  const { left, top } = node.getBoundingClientRect();
  return { x: event.clientX - left, y: event.clientY - top };
}

const apart = (one: { x: number; y: number }, two: { x: number; y: number }): number =>
  Math.hypot(one.x - two.x, one.y - two.y);
