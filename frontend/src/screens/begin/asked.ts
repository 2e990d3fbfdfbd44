import type { FacilityMicroscope, NewMovies, OfferedBooking } from "@/api/types";

/** Chosen for a session that is for no booking. */
export const OTHER = "other";
/** Chosen for all that the microscope writes. */
export const ALL = "all";

/** What a person has chosen; what is null is as it is proposed. */
export interface Chosen {
  whose: string | null;
  project: string;
  operator: string;
  movies: string | null;
  /** A folder that is typed. */
  folder: string;
  workflow: string | null;
  /** What the workflow leaves open, as a person filled it in. */
  fill: Record<string, string>;
  sample: string;
  confidential: boolean;
}

export const NOTHING: Chosen = {
  whose: null,
  project: "",
  operator: "",
  movies: null,
  folder: "",
  workflow: null,
  fill: {},
  sample: "",
  confidential: false,
};

export const valueOf = (choice: OfferedBooking): string => String(choice.booking.id);

/** Whose it is: the likeliest booking, while nobody has chosen; one that is gone is not meant. */
export function whoseOf(chosen: Chosen, choices: readonly OfferedBooking[]): string {
  const values = [...choices.map(valueOf), OTHER];
  return chosen.whose && values.includes(chosen.whose) ? chosen.whose : (values[0] ?? OTHER);
}

/** Where its movies are: the newest folder, while nobody has chosen. */
export function moviesOf(
  chosen: Chosen,
  folders: readonly NewMovies[],
  microscope: FacilityMicroscope,
): string {
  if (chosen.movies !== null) return chosen.movies;
  return folders[0]?.path ?? (microscope.movies === null ? OTHER : ALL);
}

/** Why it cannot be started yet; null where it can. */
export function lacking(chosen: Chosen, movies: string): string | null {
  return movies === OTHER && chosen.folder.trim() === "" ? "Say where its movies are first." : null;
}

/** What the server is asked to begin. */
export function asked(
  microscope: FacilityMicroscope,
  chosen: Chosen,
  folders: readonly NewMovies[],
) {
  const whose = whoseOf(chosen, microscope.offer.choices);
  const movies = moviesOf(chosen, folders, microscope);
  const by_hand = whose === OTHER;
  return {
    microscope: microscope.name,
    booking: by_hand ? null : Number(whose),
    project: by_hand ? chosen.project.trim() : "",
    operator: by_hand ? chosen.operator.trim() : "",
    movies: movies === ALL ? "" : movies === OTHER ? chosen.folder.trim() : movies,
    workflow: chosen.workflow ?? "",
    fill: Object.fromEntries(Object.entries(chosen.fill).filter(([, value]) => value.trim())),
    sample: chosen.sample.trim(),
    confidential: chosen.confidential,
  };
}
