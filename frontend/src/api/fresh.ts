import type { EventRecord, Told } from "./types";

/** Kinds of events after which nothing that a screen shows is another, or not yet. */
const QUIET = new Set([
  "alert.sent",
  "figures.drawn",
  "request.asked",
  "samples.taken",
  "segment.written",
  "source.waiting",
  "task.skipped",
]);
/** Kinds after which everything may be another: somebody changed something, or wants an answer. */
const DECIDED = /^(branch|change|picks|request|step)\.|^exposure\.judged$/;

/** What a message means for what is shown: nothing, something new, or that all may be another. */
export function weigh(told: Told): "nothing" | "news" | "all" {
  if (told.reset) return "all";
  const events = ((told.events ?? []) as EventRecord[]).filter(
    // A task of an exposure is one of several: that it has been through all of them is said, too.
    ({ kind, exposure }) => !QUIET.has(kind) && !(kind === "task.done" && exposure),
  );
  if (events.some(({ kind }) => DECIDED.test(kind))) return "all";
  return events.length > 0 ? "news" : "nothing";
}

export interface Spaced {
  /** Have it done soon, or as soon as it may be done again; `now`: soon, whenever it was last. */
  ask: (now?: boolean) => void;
  stop: () => void;
}

/** Do something `soon` after it is asked for, and not more often than `every` so many ms. */
export function spaced(act: () => void, soon: number, every: number): Spaced {
  let timer: ReturnType<typeof setTimeout> | null = null;
  let last = -Infinity;
  const stop = () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };
  return {
    stop,
    ask: (now = false) => {
      if (now) stop();
      timer ??= setTimeout(
        () => {
          timer = null;
          last = Date.now();
          act();
        },
        now ? soon : Math.max(soon, last + every - Date.now()),
      );
    },
  };
}
