import { useEffect } from "react";

/** Milliseconds in which the parts above may still be filled. */
const FILLING = 8000;
const MOVES = ["wheel", "touchstart", "keydown", "pointerdown"] as const;

/** Go to a part of the page, and stay there while those above it are filled. */
export function usePart(part: string | null, key: string): void {
  useEffect(() => {
    if (part === null) return;
    const until = performance.now() + FILLING;
    let left = false;
    const go = (): void => {
      if (!left && performance.now() < until)
        document.getElementById(part)?.scrollIntoView({ behavior: "instant" });
    };
    const leave = (): void => {
      left = true;
    };
    const grown = new ResizeObserver(go);
    grown.observe(document.body);
    go();
    for (const kind of MOVES) window.addEventListener(kind, leave, { passive: true });
    return () => {
      grown.disconnect();
      for (const kind of MOVES) window.removeEventListener(kind, leave);
    };
  }, [part, key]);
}
