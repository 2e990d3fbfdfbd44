import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ageOf, decided } from "./age";
import { api } from "./client";

beforeEach(() => {
  vi.useFakeTimers();
  decided();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("an answer may be some seconds old, and has seen the last decision", () => {
  expect(ageOf("/api/sessions/a/columns")).toBe("no-cache");
  vi.advanceTimersByTime(11_900);
  expect(ageOf("/api/sessions/a/live")).toBe("max-age=4");
  expect(ageOf("/api/sessions/a/columns")).toBe("max-age=11");
  vi.advanceTimersByTime(60_000);
  expect(ageOf("/api/sessions/a/columns")).toBe("max-age=15");
  decided();
  expect(ageOf("/api/sessions/a/columns")).toBe("no-cache");
});

test("what is said of one exposure, or of a file, is as it is now", () => {
  vi.advanceTimersByTime(60_000);
  expect(ageOf("/api/sessions/a/exposures/live_1")).toBeNull();
  expect(ageOf("/api/sessions/a/exposures")).toBeNull();
  expect(ageOf("/api/sessions/a/exposures/live")).toBeNull();
  expect(ageOf("/api/sessions/live/files")).toBeNull();
  expect(ageOf("/api/sessions/a/exposures/live?branch=b&asof=7")).toBe("max-age=15");
});

test("the server is told so, and what changes something is a decision", async () => {
  const asked: (string | null)[] = [];
  vi.stubGlobal("fetch", (_: string, { headers }: RequestInit) => {
    asked.push(new Headers(headers).get("Cache-Control"));
    return Promise.resolve(new Response("{}"));
  });
  vi.advanceTimersByTime(60_000);
  await api.get("/sessions/a/live", { branch: "b" });
  await api.post("/sessions/a/requests");
  await api.get("/sessions/a/live");
  expect(asked).toEqual(["max-age=4", null, "no-cache"]);
});
