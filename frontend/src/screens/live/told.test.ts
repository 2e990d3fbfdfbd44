import { expect, test } from "vitest";
import { brought, counted } from "./told";
import type { Live } from "./types";

const LIVE = {
  last_event: 50,
  counts: { found: 10, settled: 8, behind: 2, accepted: 6, rejected: 1, failed: 1 },
  newest: { name: "E8", number: 8, pictures: [], qualities: { "ctf.resolution": 4 } },
} as unknown as Live;

const told = (seq: number, done: number, newest: { number: number; name: string } | null = null) =>
  counted(null, {
    topic: "session/x",
    seq,
    exposures: { going: 1, done, rejected: 1, failed: 1 },
    newest,
  });

test("what the socket said after the document was made is shown", () => {
  const live = brought(LIVE, told(60, 9, { number: 11, name: "E11" }));
  expect(live.counts).toEqual({
    found: 12,
    settled: 11,
    behind: 1,
    pending: 1,
    accepted: 9,
    rejected: 1,
    failed: 1,
    of_session: 12,
  });
  expect(live.newest?.name).toBe("E11");
  expect(live.newest?.qualities).toEqual({});
});

test("a document that is newer than the message is shown as it is", () => {
  expect(brought(LIVE, told(49, 99))).toBe(LIVE);
  expect(brought(LIVE, null)).toBe(LIVE);
});

test("the same exposure keeps what is known of it", () => {
  expect(brought(LIVE, told(60, 6, { number: 8, name: "E8" })).newest).toBe(LIVE.newest);
});

test("messages without counts leave what is known, and a reset forgets it", () => {
  const known = told(60, 9);
  expect(counted(known, { topic: "session/x", seq: 70, events: [] })).toBe(known);
  expect(counted(known, { topic: "session/x", seq: 70, reset: true })).toBeNull();
});
