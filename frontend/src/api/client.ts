import { ageOf, decided } from "./age";
import { ApiError, type Query } from "./failure";
import type { Problem } from "./types";

export { ApiError, type Query };

let csrf = "";

/** Keep the token that the server wants to see with whatever changes something. */
export function keepCsrf(token: string): void {
  csrf = token;
}

/** An address of the server below `/api`, with its parameters. */
export function address(path: string, query: Query = {}): string {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (Array.isArray(value)) for (const one of value as readonly string[]) pairs.append(name, one);
    else if (value !== null && value !== undefined && value !== "") pairs.set(name, String(value));
  }
  const text = pairs.toString();
  return `/api${path}${text ? `?${text}` : ""}`;
}

async function failure(response: Response): Promise<ApiError> {
  const said = (await response.json().catch(() => ({}))) as Partial<{
    message: string;
    advice: string | null;
    problems: Problem[] | null;
  }>;
  const message = said.message ?? `the server answered ${response.status} ${response.statusText}`;
  return new ApiError(response.status, message, said.advice ?? null, said.problems ?? []);
}

async function send(method: string, url: string, body: unknown, signal?: AbortSignal) {
  const headers: Record<string, string> = { Accept: "application/json" };
  const age = method === "GET" ? ageOf(url) : null;
  if (age !== null) headers["Cache-Control"] = age;
  if (method !== "GET" && csrf) headers["X-CSRF-Token"] = csrf;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      headers,
      credentials: "same-origin",
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(
      0,
      "the server does not answer",
      "It may be restarting. This page tries again by itself.",
      [],
    );
  }
  if (method !== "GET") decided();
  if (!response.ok) throw await failure(response);
  return response;
}

async function json<T>(method: string, url: string, body: unknown, signal?: AbortSignal) {
  const response = await send(method, url, body, signal);
  const text = await response.text();
  return (text ? JSON.parse(text) : null) as T;
}

/** Ask the server; paths are below `/api`. Every failure is an `ApiError`. */
export const api = {
  get: <T>(path: string, query?: Query, signal?: AbortSignal) =>
    json<T>("GET", address(path, query), undefined, signal),
  text: async (path: string, query?: Query, signal?: AbortSignal) =>
    (await send("GET", address(path, query), undefined, signal)).text(),
  bytes: async (path: string, query?: Query, signal?: AbortSignal) =>
    (await send("GET", address(path, query), undefined, signal)).arrayBuffer(),
  /** The whole answer, where its headers say something too. */
  raw: (path: string, query?: Query, signal?: AbortSignal) =>
    send("GET", address(path, query), undefined, signal),
  post: <T>(path: string, body: unknown = {}, query?: Query) =>
    json<T>("POST", address(path, query), body),
  put: <T>(path: string, body: unknown = {}, query?: Query) =>
    json<T>("PUT", address(path, query), body),
  patch: <T>(path: string, body: unknown = {}) => json<T>("PATCH", address(path), body),
  delete: <T>(path: string, query?: Query) => json<T>("DELETE", address(path, query), undefined),
};
