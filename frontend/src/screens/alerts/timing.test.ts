import { expect, test } from "vitest";
import { changeWords, paceOf, timeSpan, type Change, type Tempo } from "./timing";

const CHANGE: Change = {
  ...{ time: 100, at: 100, until: 160, count: 3, who: "ann", by_session: false, what: "set ctf" },
};
const TEMPO: Tempo = { start: 0, width: 60, known: true, taken: [2, 4, 3], settled: [0, 30, 1] };

test("a timeline reaches over all that it shows, and to now while something holds", () => {
  const alert = { since: 40, until: 90, cleared: 90 };
  expect(timeSpan([alert], [CHANGE], null, 5000)).toEqual([40, 100]);
  expect(timeSpan([{ ...alert, until: null, cleared: null }], [], null, 5000)).toEqual([40, 5040]);
  expect(timeSpan([], [], TEMPO, 0)).toEqual([0, 180]);
  const held = { ...alert, until: null, cleared: null };
  expect(timeSpan([held], [], null, 5000, true), "the session has ended").toEqual([40, 5000]);
});

test("a rate needs some time, and what is run again does not flatten what comes", () => {
  const pace = paceOf(TEMPO);
  expect(pace).toMatchObject({ unit: "a minute", most: 10 });
  expect(pace.rate(4)).toBe(4);
  expect(paceOf({ ...TEMPO, width: 3600 }).unit).toBe("an hour");
});

test("changes of one kind are told as one", () => {
  expect(changeWords(CHANGE)).toMatch(/ann\n3 times until .*, first: set ctf/);
  expect(changeWords({ ...CHANGE, count: 1, at: 4000 })).toMatch(/decided at/);
});
