// The map of the grid, from the files of all exposures.

import { median } from "@/screens/measured/axes";
import type { Squares } from "@/screens/live/squares";
import { allChunks, textOf } from "./exposures";
import { chunks, fileOf, live, remembered } from "./files";
import type { Gathering } from "@/screens/report/types";
import type { Chunk, WhereFile } from "./types";

/** More exposures than these are drawn square by square, as the server does. */
const MOST = 3000;

interface Spot {
  chunk: Chunk;
  i: number;
  square: string;
  x: number | null;
  y: number | null;
}

/** Where each exposure lies, µm on the stage; what is reached by beam shift lies beside it. */
function spotsOf(all: readonly Chunk[], scale: number): Spot[] {
  return all.flatMap((chunk) =>
    chunk.name.map((_, i): Spot => {
      const place = (axis: 0 | 1): number | null => {
        const at = chunk.stage?.[axis][i] ?? null;
        return at === null ? null : at + scale * (chunk.shift?.[axis][i] ?? 0);
      };
      return { chunk, i, square: textOf(chunk, chunk.square[i]), x: place(0), y: place(1) };
    }),
  );
}

/** The squares in the colour of a quality, and the holes of one of them. */
export const squaresOf = (query: URLSearchParams): Promise<Squares> =>
  remembered(`squares ${query.toString()}`, () => drawnSquares(query));

async function drawnSquares(query: URLSearchParams): Promise<Squares> {
  const where = await fileOf<WhereFile>("where");
  const { chunks: told, order, counts } = await live();
  const quality = query.get("quality") ?? "";
  const chosen = query.get("square");
  const bare = where?.squares ?? [];
  // Of a long session the squares alone are drawn, and what is in one when it is asked for.
  const long = counts.found > MOST && bare.length > 1;
  const wanted = bare.find(({ name }) => name === chosen)?.files ?? [];
  const read = !where ? [] : await (long ? chunks(wanted) : allChunks());
  const spots = spotsOf(read, where?.shift_scale ?? 0);
  const positions = long ? bare.some(({ box }) => box !== null) : spots.some(({ x }) => x !== null);
  // Positions without squares: all lie on one.
  const squares: readonly (Gathering & { box?: Box | null })[] =
    positions && bare.length === 0 ? [{ ...gathered(spots, quality), box: boxOf(spots) }] : bare;
  const single = squares.length === 1;
  const shown = spots.filter(({ square }) =>
    // What has no square yet has no box among those that have.
    chosen === null ? bare.length === 0 || square !== "" : square === chosen,
  );
  const medians = squares.flatMap(({ medians: known }) => known[quality] ?? []);
  const whole = where?.ranges[quality];
  const ofSquares = chosen === null && !single && medians.length > 1;
  return {
    qualities: order.filter((name) => where?.ranges[name]),
    quality,
    range: ofSquares
      ? [Math.min(...medians), Math.max(...medians)]
      : whole
        ? [whole[0], whole[1]]
        : null,
    positions,
    squares: squares.map((one) => ({
      name: one.name,
      count: one.count,
      accepted: one.accepted,
      rejected: one.rejected,
      failed: one.failed,
      median: one.medians[quality] ?? null,
      ...cornersOf(one.box ?? null),
    })),
    places: long && chosen === null ? null : placesOf(shown, squares, quality, told.size),
    shown: shown.length,
    total: counts.found,
  };
}

function placesOf(
  shown: readonly Spot[],
  squares: readonly Gathering[],
  quality: string,
  size: number,
): Squares["places"] {
  const index = new Map(squares.map(({ name }, at) => [name, at]));
  return {
    number: shown.map(({ chunk, i }) => (chunk.number - 1) * size + i + 1),
    name: shown.map(({ chunk, i }) => chunk.name[i] ?? ""),
    state: shown.map(({ chunk, i }) => chunk.state[i] ?? "p").join(""),
    square: shown.map(({ square }) => index.get(square) ?? (squares.length === 1 ? 0 : -1)),
    x: shown.map(({ x }) => x),
    y: shown.map(({ y }) => y),
    value: shown.map(({ chunk, i }) => chunk.quality[quality]?.[i] ?? null),
  } as Squares["places"];
}

function gathered(spots: readonly Spot[], quality: string): Gathering {
  const states = spots.map(({ chunk, i }) => chunk.state[i]);
  const count = (letter: string): number => states.filter((state) => state === letter).length;
  const middle = median(spots.map(({ chunk, i }) => chunk.quality[quality]?.[i]));
  return {
    name: "",
    count: spots.length,
    accepted: count("a"),
    rejected: count("r"),
    failed: count("f"),
    first: 0,
    medians: middle === null ? {} : { [quality]: middle },
  };
}

type Box = readonly [left: number, right: number, bottom: number, top: number];

function boxOf(spots: readonly Spot[]): Box | null {
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const { x, y } of spots) {
    if (x === null || y === null) continue;
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [bottom, top] = [Math.min(bottom, y), Math.max(top, y)];
  }
  return left > right ? null : [left, right, bottom, top];
}

function cornersOf(box: Box | null) {
  const [left = null, right = null, bottom = null, top = null] = box ?? [];
  return { left, right, bottom, top };
}
