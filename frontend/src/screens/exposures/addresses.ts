// Addresses of the screens about exposures, within the application.

const withBranch = (path: string, branch: string, query = ""): string => {
  const pairs = new URLSearchParams(query);
  if (branch) pairs.set("branch", branch);
  const text = pairs.toString();
  return text ? `${path}?${text}` : path;
};

/** One exposure in full; with the filters of the table, so that its neighbours are those of it. */
export const exposureHref = (session: string, name: string, branch = "", query = ""): string =>
  withBranch(
    `/s/${encodeURIComponent(session)}/exposures/${encodeURIComponent(name)}`,
    branch,
    query,
  );

/** The table, filtered. */
export const tableHref = (session: string, query = "", branch = ""): string =>
  withBranch(`/s/${encodeURIComponent(session)}/exposures`, branch, query);

/** Lineage of a result. */
export const lineageHref = (session: string, result: number): string =>
  `/s/${encodeURIComponent(session)}/provenance/${result}`;

/** The form that tries other parameters of a step on some exposures, as a branch. */
export function tryHref(session: string, step: string, exposures: readonly string[]): string {
  const query = new URLSearchParams({ try: step });
  for (const name of exposures) query.append("exposure", name);
  return `/s/${encodeURIComponent(session)}/branches?${query.toString()}`;
}
