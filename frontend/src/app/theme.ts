import { createTheme, Modal, Drawer, Tooltip, type MantineColorsTuple } from "@mantine/core";

/** Blue of ice: links, focus and what is chosen. */
const ice: MantineColorsTuple = [
  "#e8f5fc",
  "#cfe7f5",
  "#9fcfea",
  "#6bb5df",
  "#429fd5",
  "#2a92cf",
  "#1689cc",
  "#0876b4",
  "#0069a3",
  "#005b91",
];

/** A cross alone says nothing to readers of the screen. */
const CLOSE = { "aria-label": "Close" };

/** The look of the application; `building/mantineVariables.ts` writes it into a CSS file. */
export const theme = createTheme({
  primaryColor: "ice",
  // White letters on it have a contrast of 4.5 at least.
  primaryShade: { light: 8, dark: 7 },
  autoContrast: true,
  luminanceThreshold: 0.2,
  colors: { ice },
  defaultRadius: "sm",
  cursorType: "pointer",
  respectReducedMotion: true,
  fontFamily:
    'Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, monospace',
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.125rem" },
  lineHeights: { xs: "1.35", sm: "1.4", md: "1.45", lg: "1.5", xl: "1.5" },
  headings: {
    fontWeight: "600",
    sizes: {
      h1: { fontSize: "1.25rem", lineHeight: "1.3" },
      h2: { fontSize: "1rem", lineHeight: "1.35" },
      h3: { fontSize: "0.875rem", lineHeight: "1.4" },
    },
  },
  components: {
    // Locking the page's scroll writes a style element, which the security policy refuses.
    Modal: Modal.extend({
      defaultProps: { lockScroll: false, centered: true, radius: "md", closeButtonProps: CLOSE },
    }),
    Drawer: Drawer.extend({ defaultProps: { lockScroll: false, closeButtonProps: CLOSE } }),
    Tooltip: Tooltip.extend({
      defaultProps: { multiline: true, maw: 360, openDelay: 200, withArrow: true },
    }),
  },
});
