// The last exposures one by one, from the same files as the table.

import type { Columns, StateLetter } from "@/screens/measured/types";
import { chunkOf, exposureAt, letterOf, textOf } from "./exposures";
import { chunks, live } from "./files";

export async function recentColumns(most: number): Promise<Columns> {
  const { counts, chunks: told } = await live();
  const first = Math.max(1, counts.found - most + 1);
  await chunks([chunkOf(first - 1, told.size), chunkOf(counts.found - 1, told.size)]);
  const numbers = Array.from(
    { length: Math.max(0, counts.found - first + 1) },
    (_, i) => first + i,
  );
  const found = (await Promise.all(numbers.map(exposureAt))).filter((one) => one !== null);
  const names = new Set(found.flatMap(({ chunk }) => Object.keys(chunk.quality)));
  return {
    number: found.map(({ chunk, i }) => (chunk.number - 1) * told.size + i + 1),
    state: found.map((one) => letterOf(one) as StateLetter),
    time: found.map(({ chunk, i }) => chunk.time[i] ?? 0),
    columns: Object.fromEntries(
      [...names].map((name) => [
        name,
        found.map(({ chunk, i }) => chunk.quality[name]?.[i] ?? null),
      ]),
    ),
    square: found.map(({ chunk, i }) => textOf(chunk, chunk.square[i])),
    total: counts.found,
    shown: found.length,
  };
}
