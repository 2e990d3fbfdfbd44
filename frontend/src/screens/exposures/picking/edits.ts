// What a person changes about the picks of an exposure, until it is applied.

import type { PickSet } from "../types";

/** Pixels of the micrograph. */
export interface Place {
  x: number;
  y: number;
}

/** Places are those that `picks` came with; what is asked of the server follows from them. */
export interface Edits {
  added: readonly Place[];
  /** Which of the points are removed. */
  removed: ReadonlySet<number>;
  /** Which of those that somebody removed before are there again. */
  restored: ReadonlySet<number>;
}

export const NOTHING: Edits = { added: [], removed: new Set(), restored: new Set() };

/** What is at a place: one that is added now, a point, or one that was removed before. */
export type Hit = { kind: "added" | "point" | "gone"; index: number } | null;

/** Half a diameter, in pixels: a place so near to a pick means that. */
export const reach = (picks: PickSet): number => picks.diameter_px / 2;

const toggled = (set: ReadonlySet<number>, index: number): Set<number> => {
  const next = new Set(set);
  if (!next.delete(index)) next.add(index);
  return next;
};

/** What is nearest to a place, within half a diameter; what is there comes before what is not. */
export function hitAt(edits: Edits, picks: PickSet, place: Place): Hit {
  let best: Hit = null;
  let nearest = reach(picks);
  const look = (kind: "added" | "point" | "gone", index: number, x: number, y: number): void => {
    const distance = Math.hypot(x - place.x, y - place.y);
    if (distance > nearest) return;
    best = { kind, index };
    nearest = distance;
  };
  edits.added.forEach(({ x, y }, index) => look("added", index, x, y));
  picks.points.forEach(([x, y], index) => !edits.removed.has(index) && look("point", index, x, y));
  if (best !== null) return best;
  picks.points.forEach(([x, y], index) => edits.removed.has(index) && look("point", index, x, y));
  picks.by_hand?.removed.forEach(([x, y], index) => look("gone", index, x, y));
  return best;
}

/** Add a pick at an empty place; take out what is there, or let what was taken out be there again. */
export function press(edits: Edits, picks: PickSet, place: Place): Edits {
  const hit = hitAt(edits, picks, place);
  switch (hit?.kind) {
    case "added":
      return { ...edits, added: edits.added.filter((_, index) => index !== hit.index) };
    case "point":
      return { ...edits, removed: toggled(edits.removed, hit.index) };
    case "gone":
      return { ...edits, restored: toggled(edits.restored, hit.index) };
    default:
      return { ...edits, added: [...edits.added, place] };
  }
}

/** Whether a place is of a pick that can be moved. */
export function movable(edits: Edits, picks: PickSet, place: Place): boolean {
  const hit = hitAt(edits, picks, place);
  return hit?.kind === "added" || (hit?.kind === "point" && !edits.removed.has(hit.index));
}

/** Move the pick at a place to another: it is removed there, and added here. */
export function moveTo(edits: Edits, picks: PickSet, from: Place, to: Place): Edits {
  const hit = hitAt(edits, picks, from);
  if (!hit || !movable(edits, picks, from)) return edits;
  const there = press(edits, picks, from);
  return { ...there, added: [...there.added, to] };
}

export const isEmpty = ({ added, removed, restored }: Edits): boolean =>
  added.length + removed.size + restored.size === 0;

/** How many picks are added and removed by what has been changed; what comes back is added. */
export const counts = ({
  added,
  removed,
  restored,
}: Edits): { added: number; removed: number } => ({
  added: added.length + restored.size,
  removed: removed.size,
});

/** Whether a place is in the micrograph. */
export const isInside = ({ x, y }: Place, { width, height }: { width: number; height: number }) =>
  x >= 0 && y >= 0 && x <= width - 1 && y <= height - 1;

/** The request that has it done. */
export function requestOf(
  edits: Edits,
  picks: PickSet,
  about: { exposure: string; branch: string; why: string },
): { verb: "picks" } & Record<string, unknown> {
  const places = <T>(of: readonly T[] | undefined, which: ReadonlySet<number>): T[] =>
    (of ?? []).filter((_, index) => which.has(index));
  return {
    verb: "picks",
    exposure: about.exposure,
    step: picks.step,
    ...(about.branch && { branch: about.branch }),
    add: [
      ...edits.added.map(({ x, y }) => [x, y]),
      ...places(picks.by_hand?.removed, edits.restored),
    ],
    remove: places(picks.points, edits.removed).map(([x, y]) => [x, y]),
    pixel_size: picks.pixel_size,
    why: about.why,
  };
}
