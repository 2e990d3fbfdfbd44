import { useEffect, useEffectEvent, useRef } from "react";
import { useNavigate } from "react-router";
import type { Filters } from "@/screens/exposures/filters";
import { neighbourOf } from "./data/exposures";

const KEYS: Readonly<Record<string, 1 | -1>> = {
  ArrowRight: -1,
  ArrowDown: -1,
  ArrowLeft: 1,
  ArrowUp: 1,
};

/**
 * From one exposure to the next that the filters let through, by keys and by what it gives: newer
 * (1) or older (-1). Each step begins where the one before has led, however fast they come.
 */
export function useWalk(number: number | null, filters: Filters): (way: 1 | -1) => void {
  const navigate = useNavigate();
  const at = useRef(number);
  const steps = useRef(Promise.resolve());
  useEffect(() => {
    at.current = number;
  }, [number]);
  const walk = (way: 1 | -1): void => {
    steps.current = steps.current.then(async () => {
      const next = at.current === null ? null : await neighbourOf(at.current, way, filters);
      if (next === null) return;
      at.current = next;
      await navigate(`/exposure-${next}`, { replace: true });
    });
  };
  // The page's own keys rest while something lies over it.
  const press = useEffectEvent((event: KeyboardEvent) => {
    const way = KEYS[event.key];
    if (way === undefined || event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    walk(way);
  });
  useEffect(() => {
    const hear = (event: KeyboardEvent): void => press(event);
    window.addEventListener("keydown", hear);
    return () => window.removeEventListener("keydown", hear);
  }, []);
  return walk;
}
