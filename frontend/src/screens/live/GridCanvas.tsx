import { useEffect, useMemo, useRef, useState, type PointerEvent } from "react";
import { useInk } from "@/charts";
import { figures, plural, withUnit } from "@/units";
import type { Quality } from "../measured/types";
import { drawGrid, type Drawn } from "./drawGrid";
import { placeAt, squareAt } from "./gridmap";
import styles from "./live.module.css";
import type { Marks } from "./marks";
import type { Squares } from "./squares";

interface Props {
  map: Squares;
  quality: Quality | undefined;
  square: string | null;
  marks: Marks | null;
  onSquare: (name: string, add: boolean) => void;
  onExposure: (name: string) => void;
}

const HEIGHT = 300;

/** The map on a canvas; a table of the same for whoever does not see it stands below it. */
export function GridCanvas({ map, quality, square, marks, onSquare, onExposure }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [tip, setTip] = useState<{ x: number; y: number; lines: string[] } | null>(null);
  const drawn = useRef<Drawn | null>(null);
  const ink = useInk();
  useEffect(() => {
    const box = canvas.current?.parentElement;
    if (!box) return;
    const size = new ResizeObserver(([entry]) =>
      setWidth(Math.floor(entry?.contentRect.width ?? 0)),
    );
    size.observe(box);
    return () => size.disconnect();
  }, []);
  useEffect(() => {
    if (canvas.current && width > 0) {
      drawn.current = drawGrid(canvas.current, { map, square, marks, ink, width, height: HEIGHT });
    }
  }, [map, square, marks, ink, width]);
  const words = useMemo(() => tipWords(quality), [quality]);
  const hit = (
    event: PointerEvent,
  ): { square?: string; exposure?: string; lines: string[] } | null => {
    const there = drawn.current;
    const box = canvas.current?.getBoundingClientRect();
    if (!there || !box) return null;
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const found = squareAt(there.boxes, x, y);
    if (found) return { square: found.name, lines: words.square(found) };
    const reach = event.pointerType === "touch" ? 22 : 11;
    const place = placeAt(there.places, there.view, x, y, reach);
    return place ? { exposure: place.name, lines: words.place(place) } : null;
  };
  return (
    <div className={styles.mapPlace}>
      <canvas
        ref={canvas}
        role="img"
        aria-label={
          square === null && map.squares.length > 1
            ? `Map of ${plural(map.squares.length, "square")}`
            : `Map of ${plural(map.places?.number.length ?? 0, "exposure")}`
        }
        style={{ cursor: tip ? "pointer" : "default" }}
        onPointerMove={(event) => {
          const found = hit(event);
          const box = event.currentTarget.getBoundingClientRect();
          setTip(
            found && {
              x: event.clientX - box.left,
              y: event.clientY - box.top,
              lines: found.lines,
            },
          );
        }}
        onPointerLeave={() => setTip(null)}
        onPointerUp={(event) => {
          const found = hit(event);
          if (found?.square) onSquare(found.square, event.shiftKey);
          else if (found?.exposure) onExposure(found.exposure);
        }}
      />
      {tip && (
        <div
          className={styles.tip}
          style={{ left: Math.min(tip.x + 12, width - 190), top: tip.y + 14 }}
        >
          {tip.lines.map((line) => (
            <div key={line}>{line}</div>
          ))}
        </div>
      )}
    </div>
  );
}

function tipWords(quality: Quality | undefined) {
  const told = (value: number | null): string =>
    value === null || !quality
      ? "not measured"
      : `${quality.short} ${withUnit(figures(value * quality.scale), quality.unit)}`;
  const states = { p: "in progress", a: "accepted", r: "rejected", f: "failed" } as const;
  return {
    square: (one: { name: string; count: number; rejected: number; median: number | null }) => [
      `Square ${one.name}`,
      `${plural(one.count, "exposure")}, ${one.rejected} rejected`,
      `median ${told(one.median)}`,
    ],
    place: (one: {
      name: string;
      number: number;
      state: keyof typeof states;
      value: number | null;
    }) => [one.name, `exposure ${one.number}, ${states[one.state]}`, told(one.value)],
  };
}
