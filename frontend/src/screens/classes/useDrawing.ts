import { useRef, useState, type PointerEvent, type RefObject } from "react";
import { boundsOf, drawnBy, lassoed, overlap, type Point, type Tool } from "./drawing";

/** A shorter way is a click, and a smaller step is not kept (pixels). */
const THRESHOLD = 5;
const STEP = 2;

interface Drag {
  points: Point[];
  before: ReadonlySet<number>;
  takesAway: boolean;
}

/**
 * What the pointer draws over the gallery; the classes in it are marked.
 *
 * Shift or Ctrl adds them to those that are marked, Alt takes them away. A finger has no such keys:
 * what it draws is added. It draws lassos only, for it scrolls otherwise.
 */
export function useDrawing(
  place: RefObject<HTMLDivElement | null>,
  tool: Tool,
  marked: ReadonlySet<number>,
  onMark: (marked: Set<number>) => void,
) {
  const drag = useRef<Drag | null>(null);
  const drawn = useRef(false);
  const [shape, setShape] = useState("");
  const local = (event: PointerEvent): Point => {
    const edge = place.current?.getBoundingClientRect();
    return { x: event.clientX - (edge?.left ?? 0), y: event.clientY - (edge?.top ?? 0) };
  };
  const end = () => {
    drag.current = null;
    setShape("");
  };
  const handlers = {
    onPointerDown: (event: PointerEvent) => {
      const finger = event.pointerType === "touch";
      drawn.current = false;
      if (event.button !== 0 || !event.isPrimary || (finger && tool !== "lasso")) return;
      const keeps = finger || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey;
      drag.current = {
        points: [local(event)],
        before: keeps ? marked : new Set(),
        takesAway: event.altKey,
      };
    },
    onPointerMove: (event: PointerEvent) => {
      const { current } = drag;
      const last = current?.points.at(-1);
      if (!current || !last || !event.isPrimary || !(event.buttons & 1)) return;
      const to = local(event);
      if (Math.hypot(to.x - last.x, to.y - last.y) < (drawn.current ? STEP : THRESHOLD)) return;
      if (!drawn.current) place.current?.setPointerCapture(event.pointerId);
      drawn.current = true;
      current.points.push(to);
      const line = drawnBy(tool, current.points);
      setShape(`M${line.map(({ x, y }) => `${x} ${y}`).join("L")}Z`);
      const next = new Set(current.before);
      for (const number of within(place.current, tool, line)) {
        if (current.takesAway) next.delete(number);
        else next.add(number);
      }
      onMark(next);
    },
    onPointerUp: end,
    onPointerCancel: end,
  };
  return { handlers, shape, moved: () => drawn.current };
}

/** The classes that a rectangle touches, or whose pictures a lasso encloses. */
function within(place: HTMLElement | null, tool: Tool, line: readonly Point[]): number[] {
  const tiles = place ? [...place.querySelectorAll<HTMLElement>("[data-number]")] : [];
  const bounds = boundsOf(line);
  return tiles
    .filter((tile) =>
      tool === "lasso"
        ? lassoed(line, roomOf(tile.querySelector("img") ?? tile))
        : overlap(bounds, roomOf(tile)),
    )
    .map((tile) => Number(tile.dataset.number));
}

const roomOf = ({ offsetLeft, offsetTop, offsetWidth, offsetHeight }: HTMLElement) => ({
  left: offsetLeft,
  top: offsetTop,
  right: offsetLeft + offsetWidth,
  bottom: offsetTop + offsetHeight,
});
