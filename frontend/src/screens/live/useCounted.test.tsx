import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { useSpaced } from "./useCounted";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const pass = (time: number) => act(() => vi.advanceTimersByTime(time));

test("a new value is shown at once, and the next after a time, the newest of them", () => {
  const { result, rerender } = renderHook(({ name }) => useSpaced(name, 2000), {
    initialProps: { name: "E1" },
  });
  rerender({ name: "E2" });
  pass(0);
  expect(result.current).toBe("E2");
  rerender({ name: "E3" });
  pass(1000);
  rerender({ name: "E4" });
  pass(999);
  expect(result.current).toBe("E2");
  pass(1);
  expect(result.current).toBe("E4");
});

test("while nobody looks nothing is shown anew", () => {
  const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
  const { result, rerender } = renderHook(({ name }) => useSpaced(name, 2000), {
    initialProps: { name: "E1" },
  });
  rerender({ name: "E2" });
  pass(5000);
  expect(result.current).toBe("E1");
  hidden.mockReturnValue(false);
  act(() => void document.dispatchEvent(new Event("visibilitychange")));
  expect(result.current).toBe("E2");
});
