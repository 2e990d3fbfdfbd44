import { useState } from "react";
import { useRequest } from "@/api/requests";
import { useKeys } from "@/ui";
import type { PickSet } from "../types";
import { NOTHING, isEmpty, requestOf, type Edits, type Place } from "./edits";

interface About {
  session: string;
  branch: string;
  exposure: string;
}

/** Editing of picks: nothing of it is done until it is applied with a reason. */
export function useEditing({ session, branch, exposure }: About, now: PickSet | undefined) {
  // What is changed is about the picks as they were when it began, whatever comes meanwhile.
  const [held, setHeld] = useState<PickSet | undefined>(undefined);
  const [edits, setEdits] = useState<Edits | null>(null);
  const [cursor, setCursor] = useState<Place | null>(null);
  const [asking, setAsking] = useState<"apply" | "undo" | null>(null);
  const [answer, setAnswer] = useState("");
  const request = useRequest(session);
  const picks = edits === null ? now : held;
  const stop = (): void => {
    setEdits(null);
    setCursor(null);
    setAsking(null);
    request.reset();
  };
  const stay = { what: "Stays at this exposure while its picks are edited", do: () => undefined };
  const leave = { what: "Stop editing, unless something was changed", do: () => done() };
  const done = (): void => {
    if (edits !== null && isEmpty(edits)) stop();
  };
  useKeys(
    "Editing picks",
    edits === null
      ? {}
      : { ArrowLeft: stay, ArrowRight: stay, j: stay, k: stay, a: stay, r: stay, Escape: leave },
  );
  const send = (why: string): void => {
    if (picks === undefined || asking === null) return;
    const about = { exposure, branch, why };
    const undo = { verb: "picks", exposure, step: picks.step, undo: true, why };
    const asked = asking === "undo" ? undo : requestOf(edits ?? NOTHING, picks, about);
    request.mutate(
      { request: asked },
      {
        onSuccess: (told) => {
          stop();
          setAnswer(told.answer || "asked; the session has not answered yet");
        },
      },
    );
  };
  return {
    picks,
    edits,
    cursor,
    asking,
    answer,
    busy: request.isPending,
    error: request.error,
    begin: (): void => {
      setHeld(now);
      setEdits(NOTHING);
      setAnswer("");
    },
    change: (next: Edits): void => setEdits(next),
    point: setCursor,
    discard: stop,
    ask: setAsking,
    send,
  };
}

export type Editing = ReturnType<typeof useEditing>;
