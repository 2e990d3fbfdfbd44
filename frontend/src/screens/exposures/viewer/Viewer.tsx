import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { number, withUnit } from "@/units";
import type { PickSet } from "../types";
import { drawView, type View } from "./draw";
import { fitted, wantedSize, zoomed, type Frame, type Size } from "./geometry";
import { editedBy, pannedBy } from "./keys";
import { tilesFor, type Tile } from "./tiles";
import { usePicture } from "./usePicture";
import { inside, usePointers, type Editor } from "./usePointers";
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
  /** Given while the picks are edited. */
  editor?: Editor | undefined;
  label: string;
}

const WHEEL = 1.0015;
/** Pixels of the largest picture that the server makes as a whole. */
const OVERVIEW = 2048;

/**
 * A micrograph that is zoomed by wheel, keys and two fingers and moved by dragging. More pixels
 * are asked for as they are needed; until they come, those that are there are shown.
 */
export function Viewer({ picture, pixelSize, url, tileUrl, picks, editor, label }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [window_, setWindow] = useState<Size>({ width: 0, height: 0 });
  const [frame, setFrame] = useState<Frame | null>(null);
  const density = window.devicePixelRatio || 1;
  const shown = frame ?? fitted(picture, window_);
  const size = window_.width > 0 ? Math.min(OVERVIEW, wantedSize(shown, picture, density)) : 0;
  const { image, failed, coming } = usePicture(size > 0 ? url(size) : null);
  const needed = window_.width > 0 ? tilesFor(shown, picture, window_, density, OVERVIEW) : [];
  const tiles = useTiles(needed, tileUrl);
  const { at, edits, on } = usePointers({
    frame: shown,
    picture,
    window: window_,
    setFrame,
    editor,
  });
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
    if (canvas.current && window_.width > 0) {
      const changed = edits && { edits, cursor: editor?.cursor ?? null };
      drawView(canvas.current, view, image, tiles, picks && { picks, changed });
    }
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
  const key = (event: KeyboardEvent): void => {
    const panned = event.shiftKey ? pannedBy(event.key, shown, picture, window_) : null;
    if (event.key === "+" || event.key === "=") zoom(1.5);
    else if (event.key === "-") zoom(1 / 1.5);
    else if (event.key === "0") setFrame(null);
    else if (panned) setFrame(panned);
    else if (!editor || !editedBy(event.key, editor, shown, picture, window_)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      ref={box}
      className={styles.box}
      role="application"
      aria-roledescription="Micrograph viewer"
      aria-label={`${label}. Plus and minus zoom, 0 shows all, shift and arrows move.${
        editor ? " Arrows move a cursor, Enter adds or removes a pick there." : ""
      }`}
      data-editing={editor ? "" : undefined}
      tabIndex={0}
      onKeyDown={key}
      {...on}
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
