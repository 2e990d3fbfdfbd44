// @vitest-environment node
import { expect, it } from "vitest";
import { mantineVariables } from "./mantineVariables.ts";

it("writes the theme's variables and the classes of the breakpoints", () => {
  const css = mantineVariables();
  expect(css).toContain("--mantine-color-ice-5");
  expect(css).toContain('[data-mantine-color-scheme="dark"]');
  expect(css).toContain(".mantine-hidden-from-sm");
});
