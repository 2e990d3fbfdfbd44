import { useEffect, useState } from "react";
import { useTopic } from "@/api/live";
import { brought, counted, type Counted } from "./told";
import type { Live } from "./types";

/**
 * The document of a session, with counts and the newest exposure as the socket says them; it says
 * them of the adopted branch alone.
 */
export function useCounted(id: string, branch: string, live: Live): Live {
  const [known, setKnown] = useState<Counted | null>(null);
  useTopic(branch ? null : `session/${id}`, (told) => setKnown((now) => counted(now, told)));
  return branch ? live : brought(live, known);
}

/** Something that the server told of, and the number of the event up to which it knew all then. */
export interface ToldOf {
  name: string;
  at: number;
}

/** When something was told of first: tabs that were told at the same event ask the same. */
export function useToldOf(name: string | null, at: number): ToldOf | null {
  const [first, setFirst] = useState<ToldOf | null>(null);
  const told = first?.name === name ? first : name === null ? null : { name, at };
  if (told !== first) setFirst(told);
  return told;
}

/**
 * A value that is not shown anew more often than every so many ms, since each costs the server
 * something, nor while nobody looks; the first new one is shown at once.
 */
export function useSpaced<T>(value: T, every: number): T {
  const [shown, setShown] = useState({ value, at: 0 });
  const isNew = shown.value !== value;
  useEffect(() => {
    if (!isNew) return;
    const show = () => {
      if (!document.hidden) setShown({ value, at: Date.now() });
    };
    const timer = setTimeout(show, shown.at + every - Date.now());
    document.addEventListener("visibilitychange", show);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", show);
    };
  }, [isNew, value, shown.at, every]);
  return shown.value;
}
