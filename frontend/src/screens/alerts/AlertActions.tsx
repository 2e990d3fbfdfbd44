import { Button, SegmentedControl } from "@mantine/core";
import { useState } from "react";
import { useMay } from "@/api/queries";
import { useRequest } from "@/api/requests";
import { ReasonDialog } from "@/ui";
import { duration } from "@/units";
import styles from "./alerts.module.css";
import type { Alert } from "./types";

type Verb = "acknowledge" | "mute" | "rearm" | "adopt";

const TITLES: Readonly<Record<Verb, string>> = {
  acknowledge: "Take care of this alert",
  mute: "Send nothing of this kind for a while",
  rearm: "Send it again",
  adopt: "Do what the alert offers",
};

const VERBS: Readonly<Record<Verb, string>> = {
  acknowledge: "Acknowledge",
  mute: "Mute",
  rearm: "Re-arm",
  adopt: "Do it",
};

const HOURS = [1, 4, 12, 24] as const;
const HOUR = 3600;

/** What a person can do about an alert that holds; each is asked for with a reason. */
export function AlertActions({ session, alert }: { session: string; alert: Alert }) {
  const [verb, setVerb] = useState<Verb | null>(null);
  const [hours, setHours] = useState("4");
  const ask = useRequest(session);
  if (!useMay("operator")) return null;
  const close = (): void => {
    setVerb(null);
    ask.reset();
  };
  const send = (why: string): void => {
    if (verb === null) return;
    const until = Date.now() / 1000 + Number(hours) * HOUR;
    const more = verb === "mute" ? { until, why } : verb === "adopt" ? {} : { why };
    ask.mutate({ request: { verb, alert: alert.number, ...more } }, { onSuccess: close });
  };
  const quiet = alert.acknowledged !== null || alert.muted !== null;
  return (
    <div className={styles.actions}>
      {alert.offer && alert.adopted === null && (
        <Button size="compact-xs" onClick={() => setVerb("adopt")}>
          {alert.offerWords}
        </Button>
      )}
      {alert.acknowledged === null && (
        <Button size="compact-xs" variant="default" onClick={() => setVerb("acknowledge")}>
          Acknowledge
        </Button>
      )}
      {alert.muted === null && (
        <Button size="compact-xs" variant="default" onClick={() => setVerb("mute")}>
          Mute
        </Button>
      )}
      {quiet && (
        <Button size="compact-xs" variant="default" onClick={() => setVerb("rearm")}>
          Re-arm
        </Button>
      )}
      <ReasonDialog
        opened={verb !== null}
        onClose={close}
        title={verb ? TITLES[verb] : ""}
        verb={verb ? VERBS[verb] : ""}
        busy={ask.isPending}
        error={ask.error}
        onConfirm={send}
      >
        <Consequence verb={verb} alert={alert} />
        {verb === "mute" && (
          <SegmentedControl
            fullWidth
            mt="xs"
            size="xs"
            aria-label="For how long"
            value={hours}
            onChange={setHours}
            data={HOURS.map((each) => ({ value: String(each), label: duration(each * HOUR) }))}
          />
        )}
      </ReasonDialog>
    </div>
  );
}

function Consequence({ verb, alert }: { verb: Verb | null; alert: Alert }) {
  switch (verb) {
    case "adopt":
      return <>{alert.offerWords}. What depends on it is processed again; Undo takes it back.</>;
    case "acknowledge":
      return <>It stays open until its cause is gone, and is not sent any more.</>;
    case "mute":
      return <>What still holds at the end is sent then.</>;
    case "rearm":
      return <>Nobody takes care of it any more: it is sent again to all channels.</>;
    case null:
      return null;
  }
}
