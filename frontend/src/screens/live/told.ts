// What the socket says of a session is newer than what was loaded: counts, and the newest exposure.

import type { Told } from "@/api/types";
import type { Live } from "./types";

/** Counts and the newest exposure, and the number of the event up to which they are known. */
export interface Counted {
  seq: number;
  exposures: Readonly<Record<string, number>>;
  newest: { number: number; name: string } | null;
}

/** What is known after a message. */
export function counted(known: Counted | null, told: Told): Counted | null {
  if (told.reset) return null;
  if (!told.exposures || told.seq === undefined) return known;
  return { seq: told.seq, exposures: told.exposures, newest: told.newest ?? null };
}

/** The document with what the socket has said since; the document where that is newer. */
export function brought(live: Live, known: Counted | null): Live {
  if (known === null || known.seq < live.last_event) return live;
  const { going = 0, done = 0, rejected = 0, failed = 0 } = known.exposures;
  const settled = done + rejected + failed;
  const { newest } = known;
  return {
    ...live,
    last_event: known.seq,
    counts: {
      found: going + settled,
      settled,
      behind: going,
      pending: going,
      accepted: done,
      rejected,
      failed,
      of_session: going + settled,
    },
    newest:
      newest === null || newest.name === live.newest?.name
        ? live.newest
        : { ...newest, pictures: [], qualities: {} },
  };
}
