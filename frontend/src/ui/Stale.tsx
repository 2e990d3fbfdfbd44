import { useEffect, useState } from "react";
import { useLink } from "@/api/live";
import { ToneMark } from "./StateBadge";
import styles from "./ui.module.css";

const PATIENCE = 4_000;

/** Whether the page has been without a connection for longer than a blink. */
export function useStale(): boolean {
  const state = useLink();
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(state !== "open"), state === "open" ? 0 : PATIENCE);
    return () => clearTimeout(timer);
  }, [state]);
  return late && state !== "open";
}

/** Whether what is shown is live; always of one width, so that nothing jumps. */
export function Stale() {
  const stale = useStale();
  const state = useLink();
  const words = stale ? (state === "refused" ? "not allowed" : "not connected") : "live";
  return (
    <span className={styles.badge} role="status" title={stale ? REASON : "Changes show at once."}>
      <ToneMark tone={stale ? "warning" : "good"} />
      {words}
    </span>
  );
}

const REASON = "The server does not answer. What is shown is from before; it is asked again.";
