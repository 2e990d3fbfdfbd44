import { useQuery } from "@tanstack/react-query";
import { ApiError, api } from "@/api/client";
import type { AllSettings, Schemas } from "@/api/types";
import type { JsonSchema } from "@/ui/form";

/** JSON schemas of what can be entered, by what it is of. */
export type Forms = Readonly<Record<string, JsonSchema>>;

/** What a dialog begins with: as it was when it was opened, whatever is said meanwhile. */
export interface Editing<T> {
  revision: string;
  forms: Forms;
  what: T;
}

/** Read anew what is to be changed, its revision first: what changes in between is found then. */
export function useEditing<T>(path: string) {
  return useQuery<Editing<T>, ApiError>({
    queryKey: ["editing", path],
    queryFn: async ({ signal }) => {
      const { revision } = await api.get<AllSettings>("/settings", {}, signal);
      const forms = await api.get<Forms>("/settings/forms", {}, signal);
      return { revision, forms, what: await api.get<T>(path, {}, signal) };
    },
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
}

/** Paths of what is another one after a change of the settings. */
export const TOUCHED = ["/settings", "/microscopes", "/channels", "/roots"] as const;

/** What the server found wrong, by the field that it is about. */
export function problemsOf(error: unknown): Record<string, string> {
  if (!(error instanceof ApiError)) return {};
  const found: Record<string, string> = {};
  for (const { where, what } of error.problems) {
    const [field = ""] = where.split(".");
    found[field] = field in found ? `${found[field] ?? ""}; ${what}` : what;
  }
  return found;
}

/** Whether each thing that is wrong is shown at one of these fields. */
export function isShownAt(error: unknown, fields: readonly string[]): boolean {
  const named = Object.keys(problemsOf(error));
  return named.length > 0 && named.every((name) => fields.includes(name));
}

const HOLDS: Readonly<Record<Schemas["Setting"]["holds"], string>> = {
  "at once": "holds at once",
  "new sessions": "holds for what is started from now on; sessions that run keep what they have",
  restart: "holds when the server is started again",
};

/** From when on a change holds. */
export const holdsWords = (holds: Schemas["Setting"]["holds"]): string => HOLDS[holds];

/** A name that a microscope or a channel may have; what is wrong with it, or nothing. */
export function nameProblem(name: string): string {
  if (name === "") return "a name is needed";
  return /^[A-Za-z0-9][\w.-]*$/.test(name) && name.length <= 64
    ? ""
    : "letters, digits, - and _, without spaces";
}
