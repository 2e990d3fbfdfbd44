import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { api, type ApiError } from "@/api/client";
import type { FoundFolder } from "@/api/types";
import type { Draft } from "./draft";

/** What is found where the movies are, with what the person gave; looked at while they type. */
export function useLook(draft: Draft) {
  const { pattern } = draft.asked;
  const [asked] = useDebouncedValue(JSON.stringify({ pattern, parameters: draft.given }), 500);
  const wanted = JSON.parse(asked) as { pattern: string; parameters: object };
  return useQuery<FoundFolder, ApiError>({
    queryKey: ["/folders/look", asked],
    queryFn: () => api.post<FoundFolder>("/folders/look", wanted),
    enabled: wanted.pattern !== "",
    refetchInterval: 20_000,
  });
}
