// What the server says of where a session stands; values as they are shown. Its forecast, its
// offers and the states of its verdicts are open in the document, and closed here.

import type { Schemas } from "@/api/types";
import type { Verdict } from "./verdict";

interface Forecast {
  outlook: string;
  behind: number;
  hours: number | null;
  able: number | null;
  slow: number | null;
  until: number | null;
  words?: string;
  helps?: readonly { words: string; enough: boolean }[];
}

type Rates = Omit<Schemas["LiveRates"], "forecast" | "disk"> & {
  forecast: Forecast | null;
  disk: { free: number; words: string } | null;
};
export type Tile = Schemas["LiveTile"];
export type Decision = Schemas["LiveDecision"];
export type Load = Schemas["LiveLoad"];
/** As far as the socket may tell it, too. */
export type Newest = Pick<Schemas["NewestExposure"], "name" | "number" | "pictures" | "qualities">;
export type LiveAlert = Omit<Schemas["LiveAlert"], "offer"> & {
  offer: Schemas["Offer"] | null;
};
export type Live = Omit<Schemas["LiveView"], "verdicts" | "rates" | "alerts" | "newest"> & {
  verdicts: readonly Verdict[];
  rates: Rates;
  alerts: readonly LiveAlert[];
  newest: Newest | null;
};
