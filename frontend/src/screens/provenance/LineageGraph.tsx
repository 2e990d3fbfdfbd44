import { useEffect, useMemo, useRef, type KeyboardEvent } from "react";
import { duration } from "@/units";
import { draw, type Measures } from "@/workflow/layout";
import type { Wire } from "@/workflow/ranks";
import type { Ancestor, Ancestry } from "./types";
import styles from "./provenance.module.css";

const SIZE: Measures = { width: 176, height: 46, along: 40, across: 12, lane: 8, aside: 46 };

interface GraphProps {
  found: Ancestry;
  selected: number;
  onSelect: (result: number) => void;
}

/** What a result was made from, from left to right; the arrow keys go along the links. */
export function LineageGraph({ found, selected, onSelect }: GraphProps) {
  const drawing = useMemo(() => {
    const names = [...found.nodes].reverse().map((node) => String(node.result));
    const wires = found.edges.map((edge): Wire => ({
      id: `${edge.source}>${edge.target}.${edge.port}`,
      from: String(edge.source),
      to: String(edge.target),
      trunk: String(edge.source),
      leaves: 0,
      enters: 0,
    }));
    return draw(names, wires, [], 1, SIZE);
  }, [found]);
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const box = drawing.boxes.get(String(found.result));
    const view = place.current;
    if (!box || !view) return;
    view.scrollLeft = box.x + box.width - view.clientWidth + 40;
    view.scrollTop = box.y + box.height / 2 - view.clientHeight / 2;
  }, [found, drawing]);
  const lit = new Set(
    found.edges
      .filter((edge) => edge.source === selected || edge.target === selected)
      .map((edge) => `${edge.source}>${edge.target}.${edge.port}`),
  );
  const press = (event: KeyboardEvent) => {
    const next = neighbour(event.key, found, drawing.boxes, selected);
    if (next === undefined) return;
    event.preventDefault();
    onSelect(next);
    event.currentTarget.querySelector<SVGGElement>(`[data-result="${next}"]`)?.focus();
  };
  const [width, height] = [drawing.width + 4, drawing.height + 4];
  return (
    <div ref={place} className={styles.graph}>
      <svg
        viewBox={`-2 -2 ${width} ${height}`}
        width={width}
        height={height}
        role="group"
        aria-label={`What result ${found.result} was made from`}
        onKeyDown={press}
      >
        {[...drawing.paths].map(([id, path]) => (
          <path key={id} className={styles.wire} data-lit={lit.has(id) || undefined} d={path} />
        ))}
        {found.nodes.map((node) => {
          const box = drawing.boxes.get(String(node.result));
          return (
            box && (
              <Result
                key={node.result}
                node={node}
                x={box.x}
                y={box.y}
                selected={selected === node.result}
                onSelect={onSelect}
              />
            )
          );
        })}
      </svg>
    </div>
  );
}

interface ResultProps {
  node: Ancestor;
  x: number;
  y: number;
  selected: boolean;
  onSelect: (result: number) => void;
}

function Result({ node, x, y, selected, onSelect }: ResultProps) {
  return (
    <g
      transform={`translate(${x} ${y})`}
      className={styles.result}
      role="button"
      aria-pressed={selected}
      aria-label={`${node.step}, ${node.subject}`}
      tabIndex={selected ? 0 : -1}
      data-result={node.result}
      data-selected={selected || undefined}
      onClick={() => onSelect(node.result)}
      onKeyDown={(event) => event.key === "Enter" && onSelect(node.result)}
    >
      <title>{`${node.step}: ${node.title}\n${node.subject}`}</title>
      <rect width={SIZE.width} height={SIZE.height} rx="5" />
      <text x="10" y="18" className={styles.step} aria-hidden>
        {node.step}
        <tspan className={styles.small}> · {duration(node.seconds)}</tspan>
      </text>
      <text x="10" y="35" className={styles.small} aria-hidden>
        {shortened(node.subject)}
      </text>
    </g>
  );
}

/** A long name by its end, which tells exposures apart. */
const shortened = (name: string): string => (name.length > 24 ? `…${name.slice(-23)}` : name);

function neighbour(
  key: string,
  { edges }: Ancestry,
  boxes: ReadonlyMap<string, { x: number; y: number }>,
  from: number,
): number | undefined {
  if (key === "ArrowLeft") return edges.find((edge) => edge.target === from)?.source;
  if (key === "ArrowRight") return edges.find((edge) => edge.source === from)?.target;
  if (key !== "ArrowUp" && key !== "ArrowDown") return undefined;
  const here = boxes.get(String(from));
  if (!here) return undefined;
  const way = key === "ArrowDown" ? 1 : -1;
  const column = [...boxes].filter(([, box]) => box.x === here.x && way * (box.y - here.y) > 0);
  column.sort(([, a], [, b]) => way * (a.y - b.y));
  return column[0] ? Number(column[0][0]) : undefined;
}
