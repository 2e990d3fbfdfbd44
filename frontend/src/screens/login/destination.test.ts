import { afterEach, expect, test } from "vitest";
import { arrived, destination } from "./destination";

afterEach(arrived);

test("a person comes to the page that was asked for, also after a page of somebody else", () => {
  expect(destination({ from: "/s/a/exposures?sort=number" })).toBe("/s/a/exposures?sort=number");
  expect(destination(null)).toBe("/s/a/exposures?sort=number");
  arrived();
  expect(destination(null)).toBe("/");
});

test.each(["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example", "", 7])(
  "nobody is sent to %s",
  (from) => {
    expect(destination({ from })).toBe("/");
  },
);
