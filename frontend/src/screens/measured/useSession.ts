import { useParams, useSearchParams } from "react-router";

/** The session in the address, and the branch where one is named there. */
export function useSession(): { id: string; branch: string } {
  const { id = "" } = useParams();
  const [query] = useSearchParams();
  return { id, branch: query.get("branch") ?? "" };
}
