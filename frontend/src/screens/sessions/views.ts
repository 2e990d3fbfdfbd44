import type { SessionSummary } from "@/api/types";

export type View = "all" | "running" | "attention" | "archived";

/** Whether a person should look at it: it cannot be read, or has open alerts that are no notices. */
export function needsAttention(session: SessionSummary): boolean {
  const { critical = 0, warning = 0 } = session.alerts ?? {};
  return !session.archived && (session.problem !== null || critical + warning > 0);
}

export const VIEWS: readonly {
  value: View;
  label: string;
  of: (session: SessionSummary) => boolean;
}[] = [
  { value: "all", label: "All", of: (session) => !session.archived },
  { value: "running", label: "Running", of: (session) => session.running && !session.archived },
  { value: "attention", label: "To look at", of: needsAttention },
  { value: "archived", label: "Archived", of: (session) => session.archived },
];

/** Sessions of a view that have all words somewhere, running ones first, then the newest. */
export function matching(
  sessions: readonly SessionSummary[],
  view: View,
  search: string,
): SessionSummary[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const of = VIEWS.find((one) => one.value === view)?.of ?? (() => true);
  return sessions
    .filter(of)
    .filter((session) => {
      const text = [session.name, session.folder, session.microscope, session.workflow]
        .concat(session.people)
        .join(" ")
        .toLowerCase();
      return words.every((word) => text.includes(word));
    })
    .sort((a, b) => Number(b.running) - Number(a.running) || b.created - a.created);
}
