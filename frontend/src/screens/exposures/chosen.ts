// Which columns the table shows, kept by the browser for the next visit.

const KEY = "icestream.exposures.columns";
const PREFERRED = [
  "ctf.resolution",
  "ctf.defocus",
  "ctf.astigmatism",
  "motion.total",
  "ctf.ice_ring",
  "micrograph.score",
  "picks.count",
];

/** The columns to begin with: of those that there are, the ones that say most. */
export function usualColumns(available: readonly string[]): string[] {
  const usual = PREFERRED.filter((name) => available.includes(name));
  return usual.length > 0 ? usual : available.slice(0, 6);
}

/** What was chosen before, of what there is now; the usual ones where nothing was. */
export function readColumns(
  storage: Pick<Storage, "getItem">,
  available: readonly string[],
): string[] {
  try {
    const kept: unknown = JSON.parse(storage.getItem(KEY) ?? "null");
    if (!Array.isArray(kept)) return usualColumns(available);
    return kept.filter(
      (name): name is string => typeof name === "string" && available.includes(name),
    );
  } catch {
    return usualColumns(available);
  }
}

export function keepColumns(storage: Pick<Storage, "setItem">, chosen: readonly string[]): void {
  try {
    storage.setItem(KEY, JSON.stringify(chosen));
  } catch {
    // A browser that keeps nothing shows the usual columns at the next visit.
  }
}
