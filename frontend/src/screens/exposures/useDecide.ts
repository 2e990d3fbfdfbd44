import { useState } from "react";
import { useRequest } from "@/api/requests";

export type Decision = "accept" | "reject";

/** Accepting and rejecting: what is asked about, until the reason is given. */
export function useDecide(session: string, onDone: () => void = () => undefined) {
  const [asked, setAsked] = useState<{ verb: Decision; names: string[] } | null>(null);
  const ask = useRequest(session);
  const close = (): void => {
    setAsked(null);
    ask.reset();
  };
  return {
    asked,
    busy: ask.isPending,
    error: ask.error,
    open: (verb: Decision, names: string[]): void => {
      if (names.length > 0) setAsked({ verb, names });
    },
    close,
    send: (why: string): void => {
      if (asked === null) return;
      const request = { verb: asked.verb, exposures: asked.names, why };
      ask.mutate(
        { request },
        {
          onSuccess: () => {
            close();
            onDone();
          },
        },
      );
    },
  };
}

/** Reasons that people give often, for either decision. */
export const USUAL: Readonly<Record<Decision, readonly string[]>> = {
  accept: ["Looks good by eye", "Rejected by one limit alone"],
  reject: ["Crystalline ice", "Carbon or grid bar", "Drift", "Contamination", "Empty hole"],
};
