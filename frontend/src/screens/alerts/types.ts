// Alerts, from either of the two documents that tell of them.

import type { LiveAlert } from "../live/types";

export interface Offer {
  step: string;
  changes: Readonly<Record<string, unknown>>;
  automatic?: boolean;
}

export interface Delivery {
  alert: number;
  channel: string;
  /** Whether it says that the alert is over. */
  over: boolean;
  /** waiting, sent, dropped, given up */
  state: string;
  queued: number;
  ended: number | null;
  answer: string;
}

/** What the server says of an alert at `/alerts`. */
export interface AlertRecord {
  id: number;
  step: string;
  branch: string;
  key: string;
  level: string;
  message: string;
  exposure: string;
  raised: number;
  cleared: number | null;
  acknowledged: number | null;
  acknowledged_by: string;
  acknowledged_why: string;
  muted: number | null;
  muted_by: string;
  muted_why: string;
  offer: Offer | null;
  adopted: number | null;
  adopted_by: string;
  began: number | null;
  extent: Extent | null;
  cause: string;
  note?: string;
  command?: string;
  offer_words?: string | null;
  extent_words?: string;
  since?: number;
  until?: number | null;
  deliveries?: readonly Delivery[];
}

export interface Extent {
  first?: number | string;
  last?: number | string;
  count?: number;
  grid_square?: string;
  foil_hole?: string;
  group?: string | number;
}

/** An alert as the screens show it. */
export interface Alert {
  number: number;
  key: string;
  step: string;
  level: string;
  message: string;
  exposure: string;
  /** When it began and ended, as well as is known. */
  since: number;
  until: number | null;
  raised: number;
  cleared: number | null;
  acknowledged: number | null;
  acknowledgedBy: string;
  acknowledgedWhy: string;
  muted: number | null;
  mutedBy: string;
  offer: Offer | null;
  offerWords: string;
  adopted: number | null;
  adoptedBy: string;
  cause: string;
  note: string;
  command: string;
  extentWords: string;
  hasExposures: boolean;
  deliveries: readonly Delivery[];
}

const lastPart = (value: unknown): string => {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.split("/").pop() ?? text;
};

/** What an offer does: "Set ctf defocus_max=5". */
export function offerWords(offer: Offer | null): string {
  if (!offer) return "";
  const changes = Object.entries(offer.changes).map(
    ([name, value]) => `${name}=${lastPart(value)}`,
  );
  return `Set ${offer.step} ${changes.join(" ")}`;
}

export function fromRecord(record: AlertRecord): Alert {
  return {
    number: record.id,
    key: record.key,
    step: record.step,
    level: record.level,
    message: record.message,
    exposure: record.exposure,
    since: record.since ?? record.began ?? record.raised,
    until: record.until ?? record.cleared,
    raised: record.raised,
    cleared: record.cleared,
    acknowledged: record.acknowledged,
    acknowledgedBy: record.acknowledged_by,
    acknowledgedWhy: record.acknowledged_why,
    muted: record.muted,
    mutedBy: record.muted_by,
    offer: record.offer,
    offerWords: record.offer_words ?? offerWords(record.offer),
    adopted: record.adopted,
    adoptedBy: record.adopted_by,
    cause: record.cause,
    note: record.note ?? "",
    command: record.command ?? "",
    extentWords: record.extent_words ?? "",
    hasExposures: record.extent !== null || record.exposure !== "",
    deliveries: record.deliveries ?? [],
  };
}

export function fromLive(alert: LiveAlert): Alert {
  return {
    number: alert.number,
    key: "",
    step: alert.step,
    level: alert.level,
    message: alert.message,
    exposure: alert.exposure,
    since: alert.since,
    until: alert.until,
    raised: alert.told,
    cleared: alert.cleared,
    acknowledged: alert.acknowledged,
    acknowledgedBy: alert.acknowledged_by,
    acknowledgedWhy: alert.acknowledged_why,
    muted: alert.muted,
    mutedBy: alert.muted_by,
    offer: alert.offer,
    offerWords: offerWords(alert.offer),
    adopted: alert.adopted,
    adoptedBy: alert.adopted_by,
    cause: alert.cause,
    note: alert.note,
    command: alert.command,
    extentWords: alert.extent,
    hasExposures: Boolean(alert.extent) || alert.exposure !== "",
    deliveries: [],
  };
}
