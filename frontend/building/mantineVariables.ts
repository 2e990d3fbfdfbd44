import { MantineProvider } from "@mantine/core";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import type { Plugin } from "vite";
import { theme } from "../src/app/theme.ts";

const NAME = "virtual:mantine-variables.css";

/** The text of the style elements that MantineProvider would put into the page at run time. */
export function mantineVariables(): string {
  const page = renderToStaticMarkup(createElement(MantineProvider, { theme, children: null }));
  const found = [...page.matchAll(/<style[^>]*>(.*?)<\/style>/gs)].map((match) => match[1] ?? "");
  if (found.length === 0) throw new Error("MantineProvider has written no style element");
  return found.join("\n");
}

/**
 * Mantine's CSS variables as a file: the content security policy refuses style elements that are
 * made at run time, so they are made here, from the same theme.
 */
export function mantineCss(): Plugin {
  return {
    name: "mantine-variables",
    resolveId: (id) => (id === NAME ? NAME : null),
    load: (id) => (id === NAME ? mantineVariables() : null),
  };
}
