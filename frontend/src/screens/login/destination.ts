const KEPT = "icestream.from";

/**
 * Where a person goes after logging in: only ever an address of this application. It is kept in
 * this tab, for a provider's pages may be between here and there.
 */
export function destination(state: unknown): string {
  const from = (state as { from?: unknown } | null)?.from;
  if (typeof from === "string") sessionStorage.setItem(KEPT, from);
  const wanted = sessionStorage.getItem(KEPT);
  return wanted !== null && /^\/(?![/\\])/.test(wanted) ? wanted : "/";
}

/** The person is there: the next who logs in here begins at the first page. */
export function arrived(): void {
  sessionStorage.removeItem(KEPT);
}
