import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ApiError, api } from "./client";
import { sessionPath } from "./queries";
import type { RequestRecord } from "./types";

interface AskedRequest {
  request: Record<string, unknown> & { verb: string };
  /** Take unusual values without a question. */
  asGiven?: boolean;
}

/** Seconds to wait for what becomes of a request. */
const PATIENCE = 20;

/**
 * Ask something of a session and wait for what becomes of it. What is refused, at once or by the
 * session itself, is an `ApiError`; a request that nobody has answered in time has the state `new`.
 */
export function useRequest(id: string) {
  const client = useQueryClient();
  return useMutation<RequestRecord, ApiError, AskedRequest>({
    mutationFn: async ({ request, asGiven }) => {
      const path = sessionPath(id, "/requests");
      const sent = await api.post<RequestRecord>(path, request, { as_given: asGiven });
      const token = encodeURIComponent(sent.token);
      const found =
        sent.state === "new"
          ? await api.get<RequestRecord>(`${path}/${token}`, { wait: PATIENCE })
          : sent;
      if (found.state === "refused") throw new ApiError(409, found.answer, null, []);
      return found;
    },
    onSettled: () =>
      client.invalidateQueries({
        predicate: ({ queryKey: [path] }) =>
          path === "/sessions" || String(path).startsWith(sessionPath(id)),
      }),
  });
}
