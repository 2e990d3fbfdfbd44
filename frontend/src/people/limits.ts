// What limits a token to some sessions.

import { useSessions } from "@/api/queries";

/** How a scope begins that limits a token to a session. */
export const LIMIT = "session/";

/** What the sessions are called, by what limits a token to each: copies of one share it. */
export function useSessionNames(): ReadonlyMap<string, string> {
  const sessions = useSessions().data ?? [];
  const themselves = sessions.filter(({ id }) => !id.includes("~"));
  return new Map(themselves.map(({ id, name }) => [id, name || id]));
}

/** What a token may, with the names of the sessions that it is limited to. */
export function scopeWords(scopes: readonly string[], names: ReadonlyMap<string, string>): string {
  const of = scopes
    .filter((scope) => scope.startsWith(LIMIT))
    .map((one) => one.slice(LIMIT.length));
  const may = scopes.filter((scope) => !scope.startsWith(LIMIT)).join(", ");
  return of.length > 0 ? `${may} of ${of.map((key) => names.get(key) ?? key).join(", ")}` : may;
}
