/**
 * Where the boxes and the links of a workflow are drawn.
 *
 * The graph flows to the right in columns and is folded into bands, as text is into lines, so that
 * it stays legible. A link bends only between columns and between bands, so it never runs beneath a
 * box; links that begin at one output share their way until they part.
 */

import { levels } from "./levels";
import { ranked, type Item, type Ranked, type Wire } from "./ranks";

export interface Size {
  width: number;
  height: number;
}

/** How large boxes are, and the space between them. */
export interface Measures extends Size {
  along: number;
  across: number;
  lane: number;
  /** Height of a box that stands apart. */
  aside: number;
}

export const MEASURES: Measures = {
  width: 196,
  height: 84,
  along: 52,
  across: 22,
  lane: 12,
  aside: 56,
};

export interface Box extends Size {
  x: number;
  y: number;
}

export interface Drawing extends Size {
  boxes: Map<string, Box>;
  /** SVG path data by the identity of the link. */
  paths: Map<string, string>;
  /** Where the name of the part for monitors stands; null where there are none. */
  aside: { x: number; y: number } | null;
}

interface Band {
  columns: Item[][];
  middle: Map<string, number>;
  height: number;
  top: number;
}

/** Distance between links that run beside each other between bands. */
const TRACK = 9;
/** Free space beside such links. */
const MARGIN = 16;
const CORNER = 8;
/** Room for the name of the part for monitors. */
const LABEL = 30;

/**
 * Draw a workflow.
 *
 * `names` are the steps of the flow, `aside` those that stand apart from it (monitors), and `bands`
 * into how many lines the flow is folded.
 */
export function draw(
  names: readonly string[],
  wires: readonly Wire[],
  aside: readonly string[] = [],
  bands = 1,
  measures: Measures = MEASURES,
): Drawing {
  const graph = ranked(names, wires, { box: measures.height, lane: measures.lane });
  const split = folded(graph, bands, measures);
  const turns = turnsOf(graph, split);
  const left =
    split.length > 1 ? 2 * MARGIN + TRACK * Math.max(0, ...turns.map((turn) => turn.size)) : 0;
  let top = 0;
  split.forEach((band, index) => {
    band.top = top;
    const tracks = turns[index]?.size ?? 0;
    top += band.height + (index + 1 < split.length ? 2 * MARGIN + TRACK * Math.max(1, tracks) : 0);
  });
  const place = new Map<string, Box>();
  for (const band of split) {
    band.columns.forEach((column, index) => {
      for (const item of column) {
        const x = left + index * (measures.width + measures.along);
        const y = band.top + (band.middle.get(item.id) ?? 0) - item.height / 2;
        place.set(item.id, { x, y, width: measures.width, height: item.height });
      }
    });
  }
  const paths = new Map(wires.map((wire) => [wire.id, pathOf(wire, graph, split, turns, place)]));
  const right = left && MARGIN + TRACK * Math.max(0, ...turns.map((turn) => turn.size));
  return finished(names, aside, place, paths, { width: right, height: top }, measures);
}

/** The number of bands with which the flow fills a view of this size best. */
export function bandsFor(
  names: readonly string[],
  wires: readonly Wire[],
  view: Size,
  aside: readonly string[] = [],
  measures = MEASURES,
): number {
  const most = Math.min(4, ranked(names, wires, { box: 1, lane: 1 }).columns.length);
  let best = 1;
  let largest = 0;
  for (let bands = 1; bands <= most; bands += 1) {
    const drawing = draw(names, wires, aside, bands, measures);
    const scale = Math.min(1, view.width / drawing.width, view.height / drawing.height);
    if (scale > largest * 1.05) [best, largest] = [bands, scale];
  }
  return best;
}

function folded(graph: Ranked, bands: number, measures: Measures): Band[] {
  const length = Math.max(1, Math.ceil(graph.columns.length / Math.max(1, bands)));
  const split: Band[] = [];
  for (let first = 0; first < graph.columns.length; first += length) {
    const columns = graph.columns.slice(first, first + length);
    const middle = levels(columns, graph.pieces, measures.across);
    const bottoms = columns.flat().map((item) => (middle.get(item.id) ?? 0) + item.height / 2);
    split.push({ columns, middle, height: Math.max(0, ...bottoms), top: 0 });
  }
  return split;
}

/** For each fold: which track each trunk takes, from 0 for the one that leaves lowest. */
function turnsOf(graph: Ranked, bands: readonly Band[]): Map<string, number>[] {
  return bands.slice(0, -1).map((band) => {
    const last = new Set(band.columns.at(-1)?.map((item) => item.id));
    const levelsOf = new Map<string, number>();
    for (const piece of graph.pieces) {
      if (last.has(piece.from))
        levelsOf.set(piece.trunk, (band.middle.get(piece.from) ?? 0) + piece.leaves);
    }
    const order = [...levelsOf.entries()].sort((a, b) => b[1] - a[1]).map(([trunk]) => trunk);
    return new Map(order.map((trunk, track) => [trunk, track]));
  });
}

function pathOf(
  wire: Wire,
  graph: Ranked,
  bands: readonly Band[],
  turns: readonly Map<string, number>[],
  place: ReadonlyMap<string, Box>,
): string {
  const way = graph.ways.get(wire.id) ?? [wire.from, wire.to];
  const bandOf = (id: string) =>
    bands.findIndex((band) => band.columns.some((c) => c.some((i) => i.id === id)));
  let text = "";
  for (let index = 0; index + 1 < way.length; index += 1) {
    const [a, b] = [place.get(way[index] ?? ""), place.get(way[index + 1] ?? "")];
    if (!a || !b) return "";
    const start = { x: a.x + a.width, y: a.y + a.height / 2 + (index === 0 ? wire.leaves : 0) };
    const end = { x: b.x, y: b.y + b.height / 2 + (index + 2 === way.length ? wire.enters : 0) };
    text += index === 0 ? `M${n(start.x)} ${n(start.y)}` : `H${n(start.x)}`;
    const fold = bandOf(way[index] ?? "");
    const folds = fold >= 0 && fold !== bandOf(way[index + 1] ?? "");
    const band = bands[fold];
    const tracks = turns[fold];
    text +=
      folds && band && tracks ? turned(start, end, band, tracks, wire.trunk) : bent(start, end);
  }
  return text;
}

interface Point {
  x: number;
  y: number;
}

function bent(start: Point, end: Point): string {
  if (Math.abs(start.y - end.y) < 0.5) return `H${n(end.x)}`;
  const half = (end.x - start.x) / 2;
  return `C${n(start.x + half)} ${n(start.y)} ${n(end.x - half)} ${n(end.y)} ${n(end.x)} ${n(end.y)}`;
}

/** From the end of one band to the beginning of the next: right, down, back, down, right. */
function turned(
  start: Point,
  end: Point,
  band: Band,
  tracks: ReadonlyMap<string, number>,
  trunk: string,
): string {
  const track = tracks.get(trunk) ?? 0;
  const right = start.x + MARGIN + track * TRACK;
  const between = band.top + band.height + MARGIN + track * TRACK;
  const left = end.x - MARGIN - (tracks.size - 1 - track) * TRACK;
  const r = CORNER;
  return (
    `H${n(right - r)}Q${n(right)} ${n(start.y)} ${n(right)} ${n(start.y + r)}` +
    `V${n(between - r)}Q${n(right)} ${n(between)} ${n(right - r)} ${n(between)}` +
    `H${n(left + r)}Q${n(left)} ${n(between)} ${n(left)} ${n(between + r)}` +
    `V${n(end.y - r)}Q${n(left)} ${n(end.y)} ${n(left + r)} ${n(end.y)}H${n(end.x)}`
  );
}

function finished(
  names: readonly string[],
  aside: readonly string[],
  place: ReadonlyMap<string, Box>,
  paths: Map<string, string>,
  { width: right, height: bottom }: Size,
  measures: Measures,
): Drawing {
  const boxes = new Map<string, Box>();
  for (const name of names) {
    const box = place.get(name);
    if (box) boxes.set(name, box);
  }
  const flow = [...place.values()];
  const left = flow.length ? Math.min(...flow.map((box) => box.x)) : 0;
  const wide = Math.max(left + measures.width, ...flow.map((box) => box.x + box.width));
  const step = measures.width + measures.across / 2;
  const beside = Math.max(1, Math.floor((wide - left + measures.across / 2) / step));
  const first = (flow.length ? bottom + measures.across : 0) + LABEL;
  aside.forEach((name, index) => {
    const [row, column] = [Math.floor(index / beside), index % beside];
    const y = first + row * (measures.aside + measures.across / 2);
    const x = left + column * step;
    boxes.set(name, { x, y, width: measures.width, height: measures.aside });
  });
  const height = Math.max(bottom, ...[...boxes.values()].map((box) => box.y + box.height));
  return {
    boxes,
    paths,
    width: wide + right,
    height,
    aside: aside.length ? { x: left, y: first - LABEL } : null,
  };
}

const n = (value: number): string => String(Math.round(value * 10) / 10);
