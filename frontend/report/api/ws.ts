// In the place of src/api/ws.ts: what is new is known when another `live.js` has been read.

import type { Told } from "@/api/types";
import { watch } from "../data/files";

export type LinkState = "open" | "waiting" | "refused";

export const link = {
  state: "open" as LinkState,
  watch: () => () => undefined,
  /** Every part of the page looks again; what has not changed is not read again. */
  subscribe: (topic: string, listener: (told: Told) => void) =>
    watch(() => listener({ topic, reset: true })),
};
