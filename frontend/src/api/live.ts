import { useEffect, useEffectEvent, useSyncExternalStore } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { decided } from "./age";
import { spaced, weigh } from "./fresh";
import { sessionPath } from "./queries";
import type { SessionSummary, Told } from "./types";
import { link, type LinkState } from "./ws";

/** State of the tab's socket. */
export function useLink(): LinkState {
  return useSyncExternalStore(link.watch, () => link.state);
}

/** Hear of a topic as long as a component is shown. */
export function useTopic(topic: string | null, listener: (told: Told) => void): void {
  const hear = useEffectEvent(listener);
  useEffect(
    () => (topic === null ? undefined : link.subscribe(topic, (told) => hear(told))),
    [topic],
  );
}

const SOON = 300;
/** Milliseconds between two looks at the first part of a screen, and at what is beside it. */
const FIRST = 5000;
const BESIDE = 20_000;

/**
 * Look again at what is shown when the server says that something happened: at the first path at
 * once and then every few seconds, at the others less often, since fifty tabs may be open. A tab
 * that nobody sees waits until somebody does. A null topic listens to nothing.
 */
export function useFresh(topic: string | null, paths: readonly string[]): void {
  const client = useQueryClient();
  const key = paths.join("\n");
  useEffect(() => {
    if (topic === null) return;
    const look = (wanted: string[]) => () =>
      void client.invalidateQueries({
        predicate: ({ queryKey: [path] }) => wanted.some((one) => String(path).startsWith(one)),
      });
    const [first = "", ...others] = key.split("\n");
    const parts = [spaced(look([first]), SOON, FIRST), spaced(look(others), SOON, BESIDE)];
    let missed = false;
    const ask = (now: boolean) => {
      missed = document.hidden;
      if (!missed) for (const part of parts) part.ask(now);
    };
    const leave = link.subscribe(topic, (told) => {
      const meaning = weigh(told);
      if (meaning === "all") decided();
      if (meaning !== "nothing") ask(meaning === "all");
    });
    const seen = () => missed && ask(true);
    document.addEventListener("visibilitychange", seen);
    return () => {
      leave();
      document.removeEventListener("visibilitychange", seen);
      for (const part of parts) part.stop();
    };
  }, [client, topic, key]);
}

/** Keep everything of a session fresh that the given parts of its address show. */
export function useFreshSession(id: string, parts: readonly string[]): void {
  useFresh(
    `session/${id}`,
    parts.map((part) => sessionPath(id, part)),
  );
}

type Gone = { id: string; gone: true };

/** Keep the list of all sessions as the socket says it. */
export function useLiveSessions(topic: "sessions" | null): void {
  const client = useQueryClient();
  useTopic(topic, (told) => {
    if (told.reset) return void client.invalidateQueries({ queryKey: ["/sessions"] });
    const news = new Map(
      ((told.events ?? []) as (SessionSummary | Gone)[]).map((one) => [one.id, one]),
    );
    if (news.size === 0) return;
    client.setQueriesData<SessionSummary[]>({ queryKey: ["/sessions"] }, (known) => {
      if (!known) return known;
      const kept = known.map((one) => news.get(one.id) ?? one);
      const added = [...news.values()].filter(({ id }) => !known.some((one) => one.id === id));
      return [...kept, ...added].filter((one): one is SessionSummary => !("gone" in one));
    });
  });
}
