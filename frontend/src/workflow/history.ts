/** Undo and redo of what a person edits, as a value. */

/** What is shown, what was before it, and what was taken back. */
export interface History<T> {
  past: readonly Entry<T>[];
  present: Entry<T>;
  future: readonly Entry<T>[];
}

/** A state and, in a few words, what led to it. */
export interface Entry<T> {
  value: T;
  what: string;
}

/** So many steps back are kept. */
const MOST = 200;

export const begin = <T>(value: T): History<T> => ({
  past: [],
  present: { value, what: "" },
  future: [],
});

/**
 * The history with one change more; what was taken back is gone. Changes with the same `merge` key
 * directly after each other, such as keystrokes in one field, are one change.
 */
export function changed<T>(history: History<T>, value: T, what: string, merge = false): History<T> {
  if (value === history.present.value) return history;
  const joins = merge && history.present.what === what && history.past.length > 0;
  const past = joins ? history.past : [...history.past, history.present].slice(-MOST);
  return { past, present: { value, what }, future: [] };
}

/** The history one change back; the same one where there is nothing to take back. */
export function undone<T>(history: History<T>): History<T> {
  const before = history.past.at(-1);
  if (before === undefined) return history;
  return {
    past: history.past.slice(0, -1),
    present: before,
    future: [history.present, ...history.future],
  };
}

/** The history with the change again that was taken back last. */
export function redone<T>(history: History<T>): History<T> {
  const [next, ...future] = history.future;
  if (next === undefined) return history;
  return { past: [...history.past, history.present], present: next, future };
}
