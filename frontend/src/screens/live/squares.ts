// The grid as the server tells it; values as stored, positions in µm on the stage.

import type { Schemas } from "@/api/types";
import type { Place } from "./gridmap";
import { withoutStage } from "./gridmap";

export type SquareDocument = Schemas["GridSquare"];
export type Squares = Schemas["GridMap"];

const LETTERS = new Set(["p", "a", "r", "f"]);

/** The exposures that have a place; of a map without positions, all, laid out by square. */
export function placesOf(map: Squares): { places: Place[]; indices: number[] } {
  const { places } = map;
  if (!places) return { places: [], indices: [] };
  const indices: number[] = [];
  const bare: Omit<Place, "x" | "y">[] = [];
  places.number.forEach((number, index) => {
    if (map.positions && (places.x[index] === null || places.y[index] === null)) return;
    const letter = places.state[index] ?? "p";
    indices.push(index);
    bare.push({
      number,
      name: places.name[index] ?? "",
      state: (LETTERS.has(letter) ? letter : "p") as Place["state"],
      square: map.squares[places.square[index] ?? -1]?.name ?? "",
      value: places.value[index] ?? null,
    });
  });
  if (!map.positions) return { places: withoutStage(bare).places, indices };
  return {
    places: bare.map((place, at) => ({
      ...place,
      x: places.x[indices[at] ?? 0] ?? 0,
      y: places.y[indices[at] ?? 0] ?? 0,
    })),
    indices,
  };
}

/** Squares as corners: for a map whose exposures are too many to be told. */
export function cornersOf(map: Squares): Place[] {
  return map.squares.flatMap((square) => {
    const { left, right, bottom, top, name, median } = square;
    if (left === null || right === null || bottom === null || top === null) return [];
    const place = { name, square: name, state: "a" as const, value: median };
    return [
      { ...place, number: 0, x: left, y: bottom },
      { ...place, number: 0, x: right, y: top },
    ];
  });
}
