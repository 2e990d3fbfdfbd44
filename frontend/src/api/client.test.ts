import { beforeEach, expect, it, vi } from "vitest";
import { ApiError, address, api, keepCsrf } from "./client";

const answer = vi.fn<typeof fetch>();
beforeEach(() => {
  answer.mockReset();
  vi.stubGlobal("fetch", answer);
});

it("leaves out of an address what is not given, and repeats what is given more than once", () => {
  expect(address("/x", { a: 1, b: null, c: "", d: undefined, where: ["p:1:2", "q::3"] })).toBe(
    "/api/x?a=1&where=p%3A1%3A2&where=q%3A%3A3",
  );
});

it("sends the token with what changes something, and not with what only looks", async () => {
  answer.mockImplementation(async () => new Response("{}"));
  keepCsrf("secret");
  await api.get("/sessions");
  await api.post("/sessions", { name: "a" });
  const [look, change] = answer.mock.calls.map(([, init]) => new Headers(init?.headers));
  expect(look!.get("X-CSRF-Token")).toBeNull();
  expect(change!.get("X-CSRF-Token")).toBe("secret");
});

it("says all that the server said of a failure", async () => {
  const said = {
    message: "the workflow cannot run",
    advice: "mend it",
    problems: [{ where: "ctf", what: "no voltage" }],
  };
  answer.mockResolvedValue(new Response(JSON.stringify(said), { status: 422 }));
  const error = await api.post("/x").catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ status: 422, ...said });
});

it("says in words that a server is away, or answers no JSON", async () => {
  answer.mockRejectedValueOnce(new TypeError("Failed to fetch"));
  await expect(api.get("/x")).rejects.toMatchObject({ status: 0, message: /does not answer/ });
  answer.mockResolvedValueOnce(new Response("<html>", { status: 502, statusText: "Bad Gateway" }));
  await expect(api.get("/x")).rejects.toThrow("502 Bad Gateway");
});
