import { useEffect, useState } from "react";
import type { Tile } from "./tiles";

export interface Loaded {
  tile: Tile;
  image: HTMLImageElement;
}

/** Tiles that are kept when they go out of sight, so that going back is at once. */
const KEPT = 120;

/** Pictures of tiles as they come, those in sight last in the list, over those from before. */
export function useTiles(tiles: readonly Tile[], url: ((tile: Tile) => string) | null): Loaded[] {
  const [loaded, setLoaded] = useState<ReadonlyMap<string, Loaded>>(new Map());
  const wanted = url === null ? [] : tiles.map((tile) => ({ tile, address: url(tile) }));
  const key = wanted.map(({ address }) => address).join("\n");
  useEffect(() => {
    let shown = true;
    for (const { tile, address } of wanted) {
      if (loaded.has(address)) continue;
      const image = new Image();
      image.onload = () => {
        if (!shown) return;
        setLoaded((before) => {
          const next = new Map(before).set(address, { tile, image });
          for (const old of next.keys()) {
            if (next.size <= KEPT) break;
            next.delete(old);
          }
          return next;
        });
      };
      image.src = address;
    }
    return () => {
      shown = false;
    };
    // The addresses say which tiles are wanted; what is loaded is only looked up.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key]);
  return wanted.flatMap(({ address }) => loaded.get(address) ?? []);
}
