import { useRef, useState, type PointerEvent } from "react";
import { isInside, movable, moveTo, press, type Edits, type Place } from "../picking/edits";
import type { PickSet } from "../types";
import { moved, pixelAt, zoomed, type Frame, type Size } from "./geometry";

/** Picks that are being changed in a viewer. */
export interface Editor {
  picks: PickSet;
  edits: Edits;
  /** Where the keys add and remove. */
  cursor: Place | null;
  change: (edits: Edits) => void;
  point: (place: Place) => void;
}

interface Props {
  frame: Frame;
  picture: Size;
  window: Size;
  setFrame: (frame: Frame) => void;
  editor: Editor | undefined;
}

/** Pixels of the window within which a press is none that drags. */
const STILL = 4;

/** What pointers do: two fingers zoom, one drags the picture, or the pick that it is on. */
export function usePointers({ frame, picture, window, setFrame, editor }: Props) {
  const [at, setAt] = useState<Place | null>(null);
  const [drag, setDrag] = useState<{ from: Place; to: Place } | null>(null);
  const fingers = useRef(new Map<number, Place>());
  const begun = useRef<{ place: Place; from: Place; picked: boolean } | null>(null);
  const pixel = (place: Place): Place => pixelAt(frame, place.x, place.y);
  const down = (event: PointerEvent<HTMLDivElement>): void => {
    event.currentTarget.setPointerCapture(event.pointerId);
    const place = inside(event.currentTarget, event);
    fingers.current.set(event.pointerId, place);
    const from = pixel(place);
    const picked = editor !== undefined && movable(editor.edits, editor.picks, from);
    begun.current = fingers.current.size === 1 ? { place, from, picked } : null;
  };
  const move = (event: PointerEvent<HTMLDivElement>): void => {
    const place = inside(event.currentTarget, event);
    setAt(pixel(place));
    const before = fingers.current.get(event.pointerId);
    if (!before) return;
    const [one, two] = [...fingers.current.values()];
    const { current } = begun;
    if (one && two) {
      const other = before === one ? two : one;
      const factor = apart(place, other) / Math.max(1, apart(before, other));
      setFrame(zoomed(frame, factor, other, picture, window));
    } else if (current?.picked) {
      if (apart(place, current.place) > STILL) setDrag({ from: current.from, to: pixel(place) });
    } else {
      setFrame(moved(frame, place.x - before.x, place.y - before.y, picture, window));
    }
    fingers.current.set(event.pointerId, place);
  };
  const up = (event: PointerEvent<HTMLDivElement>): void => {
    const place = inside(event.currentTarget, event);
    const { current } = begun;
    if (editor && current && apart(place, current.place) <= STILL) {
      if (isInside(current.from, picture))
        editor.change(press(editor.edits, editor.picks, current.from));
    } else if (editor && drag && isInside(drag.to, picture)) {
      editor.change(moveTo(editor.edits, editor.picks, drag.from, drag.to));
    }
    cancel(event);
  };
  const cancel = (event: PointerEvent): void => {
    fingers.current.delete(event.pointerId);
    begun.current = null;
    setDrag(null);
  };
  const edits =
    editor && drag ? moveTo(editor.edits, editor.picks, drag.from, drag.to) : editor?.edits;
  return {
    at,
    /** With the pick where it is being dragged. */
    edits,
    on: {
      onPointerDown: down,
      onPointerMove: move,
      onPointerUp: up,
      onPointerCancel: cancel,
      onPointerLeave: () => setAt(null),
      onDoubleClick: (event: { currentTarget: Element; clientX: number; clientY: number }) => {
        // While picks are edited, each of the two presses has done something.
        const place = inside(event.currentTarget, event);
        if (!editor) setFrame(zoomed(frame, 2, place, picture, window));
      },
    },
  };
}

export function inside(node: Element, event: { clientX: number; clientY: number }): Place {
  const { left, top } = node.getBoundingClientRect();
  return { x: event.clientX - left, y: event.clientY - top };
}

const apart = (one: Place, two: Place): number => Math.hypot(one.x - two.x, one.y - two.y);
