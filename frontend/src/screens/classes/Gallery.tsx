import { useRef, useState, type KeyboardEvent } from "react";
import { number } from "@/units";
import { ClassFace, Said } from "./ClassFace";
import type { Tool } from "./drawing";
import type { ClassRow } from "./types";
import { useDrawing } from "./useDrawing";
import styles from "./classes.module.css";

export interface Tile {
  row: ClassRow;
  taken: boolean;
  /** Decided by a person, not by the rule. */
  decided: boolean;
  /** Otherwise than the session has it. */
  changed: boolean;
  why: string;
}

interface GalleryProps {
  tiles: readonly Tile[];
  size: number;
  /** What a drag over them draws. */
  tool: Tool;
  marked: ReadonlySet<number>;
  onMark: (marked: Set<number>) => void;
  onToggle: (numbers: number[]) => void;
  onOpen: (number: number) => void;
}

/**
 * All classes. A click marks one, Shift or Ctrl several, and so does a rectangle or a lasso that is
 * drawn over them; the arrow keys move, Space marks, Enter takes or leaves what is marked, and m shows members.
 */
export function Gallery(props: GalleryProps) {
  const { tiles, size, tool, marked, onMark, onToggle, onOpen } = props;
  const place = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState(0);
  const drawing = useDrawing(place, tool, marked, onMark);
  const current = Math.min(at, tiles.length - 1);
  const focus = (index: number) => {
    const next = Math.max(0, Math.min(tiles.length - 1, index));
    setAt(next);
    place.current?.querySelectorAll<HTMLElement>("[role=option]")[next]?.focus();
  };
  const mark = (index: number, add: boolean, through: boolean) => {
    const chosen = tiles[index]?.row.number;
    if (chosen === undefined) return;
    const next = new Set(add || through ? marked : []);
    if (through)
      for (let each = Math.min(index, current); each <= Math.max(index, current); each += 1)
        next.add(tiles[each]?.row.number ?? chosen);
    else if (add && next.has(chosen)) next.delete(chosen);
    else next.add(chosen);
    onMark(next);
    setAt(index);
  };
  const press = (event: KeyboardEvent) => {
    const columns = columnsOf(place.current);
    const number = tiles[current]?.row.number;
    const keys: Record<string, () => void> = {
      ArrowRight: () => focus(current + 1),
      ArrowLeft: () => focus(current - 1),
      ArrowDown: () => focus(current + columns),
      ArrowUp: () => focus(current - columns),
      Home: () => focus(0),
      End: () => focus(tiles.length - 1),
      " ": () => mark(current, true, event.shiftKey),
      Enter: () => onToggle(marked.size > 0 ? [...marked] : number === undefined ? [] : [number]),
      m: () => number !== undefined && onOpen(number),
      a: () => event.ctrlKey && onMark(new Set(tiles.map((tile) => tile.row.number))),
      Escape: () => onMark(new Set()),
    };
    if (!(event.key in keys) || (event.key === "a" && !event.ctrlKey)) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]?.();
  };
  return (
    <div
      ref={place}
      className={styles.gallery}
      role="listbox"
      aria-multiselectable
      aria-label="2D classes"
      style={{ gridTemplateColumns: `repeat(auto-fill, minmax(${size}px, 1fr))` }}
      onKeyDown={press}
      data-tool={tool}
      {...drawing.handlers}
    >
      {tiles.map((tile, index) => (
        <ClassTile
          key={tile.row.number}
          tile={tile}
          marked={marked.has(tile.row.number)}
          focusable={index === current}
          onFocus={() => setAt(index)}
          onClick={(add, through) => !drawing.moved() && mark(index, add, through)}
          onDoubleClick={() => onToggle([tile.row.number])}
        />
      ))}
      {drawing.shape && (
        <svg className={styles.drawn} aria-hidden>
          <path d={drawing.shape} />
        </svg>
      )}
    </div>
  );
}

interface TileProps {
  tile: Tile;
  marked: boolean;
  focusable: boolean;
  onFocus: () => void;
  onClick: (add: boolean, through: boolean) => void;
  onDoubleClick: () => void;
}

function ClassTile({ tile, marked, focusable, onFocus, onClick, onDoubleClick }: TileProps) {
  const { row, taken, decided, changed, why } = tile;
  return (
    <div
      role="option"
      aria-selected={marked}
      className={styles.tile}
      data-number={row.number}
      data-marked={marked || undefined}
      data-left={!taken || undefined}
      data-changed={changed || undefined}
      tabIndex={focusable ? 0 : -1}
      title={why}
      onFocus={onFocus}
      onClick={(event) => onClick(event.ctrlKey || event.metaKey, event.shiftKey)}
      onDoubleClick={onDoubleClick}
    >
      <ClassFace
        picture={<img src={row.url} alt="" draggable={false} loading="lazy" />}
        number={row.number}
        particles={row.particles}
        resolution={row.resolution}
      />
      <div className={styles.tileFoot}>
        <span data-taken={taken}>
          {taken ? "taken" : "left out"}
          {decided && (
            <>
              <span aria-hidden> ✎</span>
              <Said> by hand</Said>
            </>
          )}
        </span>
        <span>
          <Said>score </Said>
          {number(row.score, 2)}
        </span>
      </div>
    </div>
  );
}

function columnsOf(place: HTMLElement | null): number {
  const columns = place ? getComputedStyle(place).gridTemplateColumns.split(" ").length : 1;
  return Math.max(1, columns);
}
