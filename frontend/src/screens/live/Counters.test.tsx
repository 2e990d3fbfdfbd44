import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { answered, show } from "@/testing/served";
import { Counters } from "./Counters";
import type { Live } from "./types";

const live = (beside: string): Live =>
  ({
    session: { name: "demo", finished: false, beside },
    counts: { found: 12, of_session: 400, settled: 8, behind: 4, accepted: 8, rejected: 0 },
    called: { one: "movie", many: "movies" },
    rates: { found: 300, settled: null, latency: null, forecast: null },
    headline: [],
  }) as unknown as Live;

test("a branch that is tried tells what is its own, of how much, and no rate of the session", () => {
  answered({});
  const { container } = show(<Counters live={live("fine")} usual={12} />);
  expect(screen.getByText("In this branch")).toBeInTheDocument();
  expect(screen.getByText(/^of 400\smovies$/)).toBeInTheDocument();
  expect(container).not.toHaveTextContent("an hour");
  expect(container).not.toHaveTextContent("of acquisition");
  expect(screen.queryByText("Movies found")).toBeNull();
});

test("the adopted branch has all that was found, and how fast it comes", () => {
  answered({});
  show(<Counters live={live("")} usual={12} />);
  expect(screen.getByText("Movies found")).toBeInTheDocument();
  expect(screen.getByText("300 an hour")).toBeInTheDocument();
  expect(screen.getByText(/of acquisition/)).toBeInTheDocument();
});
