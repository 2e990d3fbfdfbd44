import { screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { answered, show } from "@/testing/served";
import { Head } from "./Head";
import type { Live } from "./types";

// What is of another day is told with it.
const NOON = new Date().setHours(12, 0, 0, 0);

function live(age: number, finished = false): Live {
  return {
    session: { name: "demo", finished, beside: "" },
    counts: { found: 40, of_session: 40 },
    called: { one: "movie", many: "movies" },
    rates: { last: Date.now() / 1000 - age, found: 120 },
    verdicts: [
      { about: "Microscope", state: "good", word: "Delivering", why: "120 movies an hour" },
      { about: "Data", state: "good", word: "Good", why: "39 of 40 accepted" },
      { about: "Processing", state: "good", word: "Keeping up", why: "" },
    ],
  } as unknown as Live;
}

afterEach(() => {
  vi.useRealTimers();
});

test("the age of the last movie is told against what is usual", () => {
  answered({});
  show(<Head live={live(45)} usual={30} />);
  expect(
    screen.getByText(
      /^last movie 4[5-7]\sago; usually one every 30\ss$|^last movie 4[5-7]\ss ago; usually one every 30\ss$/,
    ),
  ).toBeInTheDocument();
});

test("the whole is one sentence", () => {
  answered({});
  show(<Head live={live(45)} usual={30} />);
  expect(
    screen.getByText(/The session is good: delivering; data good; keeping up/),
  ).toBeInTheDocument();
});

test("a session that has ended has no gauge, and says when the last one came", () => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOON });
  answered({});
  const { container } = show(<Head live={live(4000, true)} usual={30} />);
  expect(container.querySelector("svg[data-tone]")).toBeNull();
  expect(screen.getByText(/^last movie at \d\d:\d\d; 40\smovies$/)).toBeInTheDocument();
});
