import { expect, test } from "vitest";
import type { SessionSummary } from "@/api/types";
import { matching } from "./views";

const session = (id: string, more: Partial<SessionSummary> = {}) =>
  ({
    id,
    name: id,
    folder: `/data/${id}`,
    workflow: "spa",
    microscope: "krios",
    running: false,
    created: 1,
    people: [],
    problem: null,
    archived: false,
    alerts: { critical: 0, warning: 0, notice: 0 },
    ...more,
  }) as unknown as SessionSummary;

const SESSIONS = [
  session("old"),
  session("new", { created: 2, people: ["vic"] }),
  session("away", { archived: true, problem: "gone", running: true }),
  session("runs", { running: true }),
  session("broken", { problem: "it holds no session" }),
];

const shown = (...asked: [Parameters<typeof matching>[1], string]) =>
  matching(SESSIONS, ...asked).map(({ id }) => id);

test("archived sessions are shown where they are asked for, and nowhere else", () => {
  expect(shown("all", "")).toEqual(["runs", "new", "old", "broken"]);
  expect(shown("running", "")).toEqual(["runs"]);
  expect(shown("attention", "")).toEqual(["broken"]);
  expect(shown("archived", "")).toEqual(["away"]);
});

test("a session is found by the people who see it", () => {
  expect(shown("all", "vic krios")).toEqual(["new"]);
  expect(shown("all", "vic arctica")).toEqual([]);
});
