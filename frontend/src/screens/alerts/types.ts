// Alerts, from either of the two documents that tell of them.

import type { Schemas } from "@/api/types";
import type { LiveAlert } from "../live/types";

type Offer = Schemas["Offer"];
type Delivery = Schemas["DeliveryRecord"];

/** What the server says of an alert at `/alerts`; its offer is open in the document. */
export type AlertRecord = Omit<Schemas["ShownAlert"], "offer"> & { offer: Offer | null };

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
function offerWords(offer: Offer | null): string {
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
    since: record.since,
    until: record.until,
    raised: record.raised,
    cleared: record.cleared,
    acknowledged: record.acknowledged,
    acknowledgedBy: record.acknowledged_by,
    acknowledgedWhy: record.acknowledged_why,
    muted: record.muted,
    mutedBy: record.muted_by,
    offer: record.offer,
    offerWords: offerWords(record.offer),
    adopted: record.adopted,
    adoptedBy: record.adopted_by,
    cause: record.cause,
    note: record.note,
    command: record.command,
    extentWords: record.extent_words,
    hasExposures: record.extent !== null || record.exposure !== "",
    deliveries: record.deliveries,
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
