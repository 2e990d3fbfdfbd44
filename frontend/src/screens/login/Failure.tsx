import { useQuery } from "@tanstack/react-query";
import { api, ApiError } from "@/api/client";
import type { Schemas } from "@/api/types";
import { ErrorNote } from "@/ui";

/** Why a provider did not let a person in, who has come back from it to this page. */
export function Failure() {
  // The server says it for a minute; the page as long as it is open.
  const why = useQuery({
    queryKey: ["/login/failure"],
    queryFn: () => api.get<Schemas["ErrorAnswer"] | null>("/login/failure"),
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  }).data;
  if (!why) return null;
  const error = new ApiError(403, why.message, why.advice ?? null, []);
  return <ErrorNote error={error} what="You are not logged in" />;
}
