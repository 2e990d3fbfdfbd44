// One exposure in full, as the server would tell it.

import { ApiError } from "@/api/failure";
import type { Ctf, ExposureDetail, PickSet, Tracks } from "@/screens/exposures/types";
import { detailOf, live } from "./files";
import { exposureNamed, orderOf, rowOf, valuesOf } from "./exposures";
import type { DetailFile, Picture } from "./types";

/** What the report has of an exposure beside what the server says of one, too. */
export interface ReportDetail extends ExposureDetail {
  /** Pictures other than the micrograph and the spectrum. */
  pictures: readonly Picture[];
  /** Whether its pictures are in the report. */
  pictured: boolean;
}

async function found(name: string) {
  const at = await exposureNamed(name);
  if (!at) throw nothing(`there is no exposure ${name} in this report`);
  const { chunks } = await live();
  const row = rowOf(at, chunks.size);
  const mark = `${row.state}${Object.keys(row.qualities).length}`;
  const detail = await detailOf(orderOf(at, chunks.size), mark);
  return { at, row, detail, place: at.chunk.texts[at.chunk.place[at.i] ?? -1] ?? "" };
}

const nothing = (message: string): ApiError => new ApiError(404, message, null, []);

export async function exposureInFull(name: string): Promise<ReportDetail> {
  const { at, row, detail, place } = await found(name);
  const { alerts } = await live();
  const pictures = detail?.pictures ?? [];
  const micrograph = pictures.find(({ role }) => role === "micrograph");
  const spectrum = pictures.find(({ role }) => role === "spectrum");
  return {
    ...row,
    // Without the name of the square alone: the place says it together with the hole.
    details: place ? { place } : {},
    steps: {},
    facts: (detail?.facts ?? []).map(([title, value]): [string, string] => [title, value]),
    qualities: Object.fromEntries(
      Object.entries(row.qualities).map(([quality, value]) => [
        quality,
        { value, error: null, step: "" },
      ]),
    ),
    results: [],
    micrograph: micrograph && detail ? placeOf(detail) : null,
    spectrum: spectrum ? { url: spectrum.src } : null,
    ctf: detail && ctfOf(detail, valuesOf(at)["ctf.resolution"]),
    decisions: (detail?.decisions ?? []).map((word) => ({ ...word, exposure: name })),
    corrections: [...(detail?.corrections ?? [])],
    failures: [],
    alerts: alerts.filter(({ exposure }) => exposure === name).map(recordOf),
    neighbours: { previous: null, next: null },
    unread: [...(detail?.unread ?? [])],
    pictures: pictures.filter((one) => one !== micrograph && one !== spectrum),
    pictured: detail !== null,
  };
}

/** Where the micrograph lies; its picture is the only one here. */
function placeOf({ order, shape = [1, 1], pixel_size }: DetailFile) {
  const [height, width] = shape;
  return {
    result: order + 1,
    port: "micrograph",
    index: 0,
    width,
    height,
    pixel_size: pixel_size ?? 0,
    tiles: false,
  };
}

type Alert = Awaited<ReturnType<typeof live>>["alerts"][number];

const recordOf = (alert: Alert): ExposureDetail["alerts"][number] => ({
  ...alert,
  id: alert.number,
  branch: "",
  key: "",
  raised: alert.told,
  muted_why: "",
  began: alert.since,
  extent: null,
  offer: null,
});

/** A fit that ends where the curve begins found no rings. */
const ENDS_AT_ONCE = 1.02;

/** The curve of a fit that reached so many Å; null where there is none in this report. */
function ctfOf({ curve, facts = [], edge }: DetailFile, reached?: number): Ctf | null {
  if (!curve) return null;
  const rings =
    reached !== undefined && reached > 0 && 1 / reached >= (curve.s[0] ?? 0) * ENDS_AT_ONCE;
  const doubt = facts.find(([title]) => title === "CTF in doubt")?.[1] ?? "";
  return {
    frequency: [...curve.s],
    power: [...curve.measured],
    fit: [...curve.fitted],
    edge: edge ?? null,
    resolution: rings ? reached : null,
    doubt: rings ? doubt : "no Thon rings found: no fit is drawn",
  } as Ctf;
}

export async function tracksOf(name: string): Promise<Tracks> {
  const { detail } = await found(name);
  if (!detail?.track) throw nothing(`no track of ${name} is in this report`);
  return {
    frames: detail.track.map(([y, x]) => ({ x, y })),
    patches: null,
    known: true,
  } as Tracks;
}

export async function picksOf(name: string): Promise<PickSet[]> {
  const { at, detail } = await found(name);
  const pixel = detail?.pixel_size ?? 1;
  const width = detail?.shape?.[1] ?? 1;
  return Object.entries(detail?.picks ?? {}).map(([title, set]) => ({
    step: title,
    title,
    result: at.chunk.number,
    port: "picks",
    // As long as nobody knows the diameter, circles mark the centres alone.
    diameter: set.known ? set.diameter : UNKNOWN * width * pixel,
    diameter_px: (set.known ? set.diameter : UNKNOWN * width * pixel) / pixel,
    pixel_size: pixel,
    known: set.known,
    shape: null,
    total: set.x.length,
    by_hand: null, // told in words beside the picture
    points: set.x.map((x, index): [number, number, null] => [x, set.y[index] ?? 0, null]),
  }));
}

/** Part of the micrograph's width. */
const UNKNOWN = 0.024;
