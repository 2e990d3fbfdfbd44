/**
 * How old an answer may be. Fifty tabs that ask for the same within seconds are given what was
 * worked out for the first of them; never what is older than the last decision of somebody.
 */

/**
 * Seconds, by the address: what changes a little with each exposure that comes, and what is asked
 * for as of an event, since every answer to that question is newer than the event.
 */
const SECONDS: readonly (readonly [RegExp, number])[] = [
  [/^\/api\/sessions\/[^/]+\/live(\?|$)/, 4],
  [/^\/api\/sessions\/[^/]+\/(columns|qualities|squares|classes|volumes)(\?|$)/, 15],
  [/^\/api\/sessions\/[^/]+\/exposures\/[^/]+(\/picks)?\?(.*&)?asof=\d/, 15],
];
/** Milliseconds after a decision in which every answer has to have seen it. */
const AFTER = 10_000;

/** When the page began, or somebody decided something, in ms of the page's own clock. */
let since = performance.now();
let something = false;

/** Take no answer any more that was worked out before now. */
export function decided(): void {
  since = performance.now();
  something = true;
}

/** What the server is told of the age of an answer (`Cache-Control`); null: it may choose. */
export function ageOf(url: string): string | null {
  const passed = performance.now() - since;
  if (something && passed < AFTER) return "no-cache";
  const most = SECONDS.find(([pattern]) => pattern.test(url))?.[1] ?? 0;
  const age = Math.min(most, Math.floor(passed / 1000));
  return age > 0 ? `max-age=${age}` : null;
}
