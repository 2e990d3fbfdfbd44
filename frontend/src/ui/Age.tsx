import { Tooltip } from "@mantine/core";
import { useSyncExternalStore } from "react";
import { ago, fullMoment } from "@/units";
import styles from "./ui.module.css";

const watchers = new Set<() => void>();
let now = Date.now() / 1000;
let timer: ReturnType<typeof setInterval> | null = null;

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  timer ??= setInterval(() => {
    now = Date.now() / 1000;
    for (const one of watchers) one();
  }, 1000);
  return () => {
    watchers.delete(watcher);
    if (watchers.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
}

/** Seconds since the epoch, every second; one clock for the whole page. */
export function useNow(): number {
  return useSyncExternalStore(watch, () => now);
}

/** How long ago something was; the moment itself on hover. */
export function Age({ time }: { time: number }) {
  const present = useNow();
  return (
    <Tooltip label={fullMoment(time)}>
      <time className={styles.numbers} dateTime={new Date(time * 1000).toISOString()}>
        {ago(time, Math.max(present, time))}
      </time>
    </Tooltip>
  );
}
