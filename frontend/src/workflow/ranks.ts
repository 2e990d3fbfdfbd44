/** Columns of a workflow's drawing: how far each step is from the sources, and who stands over whom. */

/** A link between ports as the layout sees it; `trunk` names the output that it begins at. */
export interface Wire {
  id: string;
  from: string;
  to: string;
  /** Links of one trunk share their way until they part. */
  trunk: string;
  /** Where it leaves and enters, from the middle of the box. */
  leaves: number;
  enters: number;
}

/** A box, or the place where a link passes through a column. */
export interface Item {
  id: string;
  rank: number;
  /** Space that it takes up across the flow. */
  height: number;
  box: boolean;
}

/** A piece of a link from one column to the next. */
export interface Piece {
  from: string;
  to: string;
  leaves: number;
  enters: number;
  trunk: string;
}

/** Columns of items, and the pieces of links between them. */
export interface Ranked {
  columns: Item[][];
  pieces: Piece[];
  /** Items that each wire passes, from box to box. */
  ways: Map<string, string[]>;
}

/** Longest way from a source; links that would close a circle are left out. */
export function ranksOf(names: readonly string[], wires: readonly Wire[]): Map<string, number> {
  const feeding = new Map<string, string[]>(names.map((name) => [name, []]));
  for (const wire of wires) if (feeding.has(wire.from)) feeding.get(wire.to)?.push(wire.from);
  const ranks = new Map<string, number>();
  const open = new Set<string>();
  const rank = (name: string): number => {
    const known = ranks.get(name);
    if (known !== undefined) return known;
    open.add(name);
    const before = (feeding.get(name) ?? []).filter((each) => !open.has(each)).map(rank);
    open.delete(name);
    const own = before.length ? 1 + Math.max(...before) : 0;
    ranks.set(name, own);
    return own;
  };
  names.forEach(rank);
  return ranks;
}

/** Boxes in columns, with a place in every column that a link passes. */
export function ranked(
  names: readonly string[],
  wires: readonly Wire[],
  heights: { box: number; lane: number },
): Ranked {
  const ranks = ranksOf(names, wires);
  const items = new Map<string, Item>();
  for (const name of names) {
    items.set(name, { id: name, rank: ranks.get(name) ?? 0, height: heights.box, box: true });
  }
  const pieces = new Map<string, Piece>();
  const ways = new Map<string, string[]>();
  for (const wire of wires) {
    const [first, last] = [ranks.get(wire.from), ranks.get(wire.to)];
    if (first === undefined || last === undefined || last <= first) continue;
    const way = [wire.from];
    for (let rank = first + 1; rank < last; rank += 1) {
      const id = `${wire.trunk}#${String(rank)}`;
      if (!items.has(id)) items.set(id, { id, rank, height: heights.lane, box: false });
      way.push(id);
    }
    way.push(wire.to);
    ways.set(wire.id, way);
    for (let index = 0; index + 1 < way.length; index += 1) {
      const [from, to] = [way[index] ?? "", way[index + 1] ?? ""];
      const leaves = index === 0 ? wire.leaves : 0;
      const enters = index + 2 === way.length ? wire.enters : 0;
      pieces.set(`${from}>${to}>${String(enters)}`, {
        from,
        to,
        leaves,
        enters,
        trunk: wire.trunk,
      });
    }
  }
  const most = Math.max(0, ...[...items.values()].map((item) => item.rank));
  const columns: Item[][] = Array.from({ length: most + 1 }, () => []);
  for (const item of items.values()) columns[item.rank]?.push(item);
  const all = [...pieces.values()];
  return { columns: inOrder(columns, all), pieces: all, ways };
}

const SWEEPS = 12;

/** The columns in an order with few crossings: the best of some sweeps by mean places. */
function inOrder(columns: Item[][], pieces: readonly Piece[]): Item[][] {
  let best = columns.map((column) => [...column]);
  let fewest = crossings(best, pieces);
  let current = best;
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep += 1) {
    current = swept(current, pieces, sweep % 2 === 0);
    const count = crossings(current, pieces);
    if (count < fewest) [best, fewest] = [current, count];
  }
  return best;
}

function swept(columns: Item[][], pieces: readonly Piece[], forward: boolean): Item[][] {
  const next = columns.map((column) => [...column]);
  const ranks = next.map((_, rank) => rank);
  if (!forward) ranks.reverse();
  const places = new Map<string, number>();
  const settle = (column: Item[]) => {
    column.forEach((item, index) => places.set(item.id, index - (column.length - 1) / 2));
  };
  next.forEach(settle);
  for (const rank of ranks.slice(1)) {
    const column = next[rank] ?? [];
    const wanted = new Map<string, number>();
    for (const item of column) {
      const beside = pieces.flatMap((piece) => {
        if (forward && piece.to === item.id)
          return [(places.get(piece.from) ?? 0) + piece.leaves / 1e3];
        if (!forward && piece.from === item.id)
          return [(places.get(piece.to) ?? 0) + piece.enters / 1e3];
        return [];
      });
      const own = places.get(item.id) ?? 0;
      wanted.set(item.id, beside.length ? beside.reduce((a, b) => a + b, 0) / beside.length : own);
    }
    column.sort((a, b) => (wanted.get(a.id) ?? 0) - (wanted.get(b.id) ?? 0));
    settle(column);
  }
  return next;
}

/** How many pairs of pieces cross each other between the columns. */
export function crossings(columns: readonly Item[][], pieces: readonly Piece[]): number {
  const places = new Map<string, [number, number]>();
  columns.forEach((column, rank) => {
    column.forEach((item, index) => places.set(item.id, [rank, index]));
  });
  let count = 0;
  for (let a = 0; a < pieces.length; a += 1) {
    for (let b = a + 1; b < pieces.length; b += 1) {
      const [one, two] = [pieces[a], pieces[b]];
      if (!one || !two) continue;
      const [from1, from2] = [places.get(one.from), places.get(two.from)];
      const [to1, to2] = [places.get(one.to), places.get(two.to)];
      if (!from1 || !from2 || !to1 || !to2 || from1[0] !== from2[0]) continue;
      const left = from1[1] - from2[1] || (one.leaves - two.leaves) / 1e3;
      const right = to1[1] - to2[1] || (one.enters - two.enters) / 1e3;
      if (left * right < 0) count += 1;
    }
  }
  return count;
}
