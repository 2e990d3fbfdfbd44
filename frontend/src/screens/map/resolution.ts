import { number, withUnit } from "@/units";
import type { MapView } from "./types";

/** The resolution of a map; the server says 0 where its halves agree nowhere. */
export const resolutionWords = ({ resolution }: Pick<MapView, "resolution">): string =>
  withUnit(number(resolution > 0 ? resolution : null, 1), "Å");
