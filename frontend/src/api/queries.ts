import {
  QueryClient,
  keepPreviousData,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { ApiError, api, keepCsrf, type Query } from "./client";
import type { Me, Role, SessionSummary } from "./types";

/** What was asked is kept while something newer is on its way, so that nothing jumps. */
export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        refetchOnWindowFocus: true,
        placeholderData: keepPreviousData,
        // What was refused is refused again; a server that is away comes back.
        retry: (count, error) => error instanceof ApiError && error.status === 0 && count < 30,
        retryDelay: (count) => Math.min(500 * 2 ** count, 5_000),
      },
    },
  });
}

interface Options<T> {
  /** Ask again after so many milliseconds, beside what the socket says; by what is known so far. */
  every?: number | ((known: T | undefined) => number | false);
  enabled?: boolean;
}

/** What the server says at a path below `/api`. */
export function useApi<T>(path: string, query: Query = {}, options: Options<T> = {}) {
  const { every = false } = options;
  return useQuery<T, ApiError>({
    queryKey: [path, query],
    queryFn: ({ signal }) => api.get<T>(path, query, signal),
    // What is known of one branch is wrong of another.
    placeholderData: (known, before) =>
      branchOf(before?.queryKey) === branchOf([path, query]) ? known : undefined,
    refetchInterval: typeof every === "function" ? ({ state }) => every(state.data) : every,
    enabled: options.enabled ?? true,
  });
}

const branchOf = (key: readonly unknown[] | undefined): string =>
  String((key?.[1] as Query | undefined)?.branch ?? "");

/** Path of a session, for `useApi` and the addresses of pictures. */
export function sessionPath(id: string, rest = ""): string {
  return `/sessions/${encodeURIComponent(id)}${rest}`;
}

/** Who is here; its token is kept for what changes something. */
export function useMe() {
  return useQuery<Me, ApiError>({
    queryKey: ["/me"],
    queryFn: async ({ signal }) => {
      const me = await api.get<Me>("/me", {}, signal);
      keepCsrf(me.csrf);
      return me;
    },
    staleTime: 60_000,
  });
}

const ORDER: readonly Role[] = ["viewer", "operator", "staff", "admin"];

/** Whether the person here has a role, or one above it. */
export function useMay(role: Role): boolean {
  const me = useMe().data;
  return me !== undefined && ORDER.indexOf(me.role) >= ORDER.indexOf(role);
}

/** All sessions that the person may see; the socket says when they change. */
export function useSessions() {
  return useApi<SessionSummary[]>("/sessions", {}, { every: 15_000 });
}

/** Change something of the server, and look again at what lies at some paths. */
export function useChange<T, A>(change: (asked: A) => Promise<T>, paths: readonly string[]) {
  const client = useQueryClient();
  return useMutation<T, ApiError, A>({
    mutationFn: change,
    onSettled: () =>
      client.invalidateQueries({
        predicate: ({ queryKey: [path] }) => paths.some((one) => String(path).startsWith(one)),
      }),
  });
}
