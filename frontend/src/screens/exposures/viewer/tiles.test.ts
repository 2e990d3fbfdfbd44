import { expect, test } from "vitest";
import { fitted } from "./geometry";
import { lastLevel, tilesFor } from "./tiles";

const PICTURE = { width: 4092, height: 5760 };
const WINDOW = { width: 900, height: 700 };

test("the overview is enough while it has the pixels", () => {
  expect(tilesFor(fitted(PICTURE, WINDOW), PICTURE, WINDOW, 1, 2048)).toEqual([]);
  expect(
    tilesFor({ scale: 3, x: 0, y: 0 }, { width: 1024, height: 1024 }, WINDOW, 1, 2048),
  ).toEqual([]);
});

test("at full size the tiles of the last level that are in sight are asked for", () => {
  const tiles = tilesFor({ scale: 1, x: -1000, y: -2000 }, PICTURE, WINDOW, 1, 2048);
  expect(lastLevel(PICTURE)).toBe(13);
  expect(new Set(tiles.map(({ level }) => level))).toEqual(new Set([13]));
  expect(Math.min(...tiles.map(({ column }) => column))).toBe(1);
  expect(Math.max(...tiles.map(({ column }) => column))).toBe(3);
  expect(tiles.every(({ x, y }) => x % 512 === 0 && y % 512 === 0)).toBe(true);
});

test("half as large takes the level above, and the last tile ends with the picture", () => {
  const tiles = tilesFor({ scale: 0.5, x: -1146, y: -2180 }, PICTURE, WINDOW, 1, 2048);
  expect(tiles[0]!.level).toBe(12);
  const last = tiles.at(-1)!;
  expect(last.x + last.width).toBe(4092);
  expect(last.y + last.height).toBe(5760);
});

test("single pixels need no more than all there are", () => {
  const tiles = tilesFor({ scale: 8, x: 0, y: 0 }, PICTURE, WINDOW, 2, 2048);
  expect(tiles).toHaveLength(1);
  expect(tiles[0]!.level).toBe(13);
});
