import { describe, expect, it } from "vitest";
import { ApiError } from "@/api/client";
import { holdsWords, isShownAt, nameProblem, problemsOf } from "./editing";

const refused = (...problems: [string, string][]) =>
  new ApiError(
    422,
    "not valid",
    null,
    problems.map(([where, what]) => ({ where, what })),
  );

describe("what the server refuses", () => {
  it("is said at the field that it is about, a part of it too", () => {
    const error = refused(["to.0", "no address"], ["to.1", "none either"], ["url", "needed"]);
    expect(problemsOf(error)).toEqual({ to: "no address; none either", url: "needed" });
    expect(isShownAt(error, ["to", "url"])).toBe(true);
  });

  it("is told as a whole where no field shows it", () => {
    expect(isShownAt(refused(["kind", "unknown"]), ["url"])).toBe(false);
    expect(isShownAt(refused(), ["url"])).toBe(false);
    expect(problemsOf(new Error("away"))).toEqual({});
  });
});

it("says when a change holds", () => {
  expect(holdsWords("at once")).toBe("holds at once");
  expect(holdsWords("new sessions")).toContain("started from now on");
});

it("knows names as the server does", () => {
  expect(["krios1", "a.b-c_d"].map(nameProblem)).toEqual(["", ""]);
  for (const name of ["", "two words", "-a", "x".repeat(65)])
    expect(nameProblem(name)).not.toBe("");
});
