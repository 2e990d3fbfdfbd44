import { Button } from "@mantine/core";
import { useState } from "react";
import { api } from "@/api/client";
import { useChange } from "@/api/queries";
import type { PlacedSession } from "@/api/types";
import { ReasonDialog } from "@/ui";
import styles from "./facility.module.css";

/** States of sessions that take movies, or would where they are started. */
const OPEN = ["new", "running"];

/** Ends a session of the facility, after a question. */
export function EndSession({ session: one }: { session: PlacedSession }) {
  const [asking, setAsking] = useState(false);
  const end = useChange(
    (why: string) =>
      api.post<PlacedSession>(`/facility/sessions/${encodeURIComponent(one.key)}/end`, { why }),
    ["/sessions", "/facility"],
  );
  if (!OPEN.includes(one.state)) return null;
  const close = () => {
    setAsking(false);
    end.reset();
  };
  if (end.isSuccess) return <span className={styles.quiet}>finishes what it has begun</span>;
  return (
    <>
      <Button
        size="compact-xs"
        variant="default"
        aria-label={`End ${one.name}`}
        onClick={() => setAsking(true)}
      >
        End …
      </Button>
      <ReasonDialog
        opened={asking}
        onClose={close}
        title={`End ${one.name}`}
        verb="End the session"
        danger
        busy={end.isPending}
        error={end.error}
        onConfirm={(why) => end.mutate(why, { onSuccess: () => setAsking(false) })}
      >
        It takes no more movies, finishes what has begun, and copying ends. It can be started again.
      </ReasonDialog>
    </>
  );
}
