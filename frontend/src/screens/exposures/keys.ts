// The keyboard in the table: one cursor and a set of marked rows, changed by keys and by presses.

export interface Cursor {
  /** Place of the cursor among the rows, from 0; -1 while there is none. */
  at: number;
  /** Where a range that shift extends began. */
  anchor: number;
  /** Names of marked exposures. */
  marked: ReadonlySet<string>;
}

export const NOTHING: Cursor = { at: -1, anchor: -1, marked: new Set() };

export type Command =
  | { kind: "move"; by: number; extend: boolean }
  | { kind: "jump"; to: "first" | "last" }
  | { kind: "toggle" }
  | { kind: "press"; at: number; extend: boolean; add: boolean }
  | { kind: "clear" };

/** What a table answers of its rows; a row that is not loaded has no name yet. */
export interface Rows {
  total: number;
  nameAt: (at: number) => string | undefined;
}

const between = (rows: Rows, one: number, two: number): string[] => {
  const [low, high] = one < two ? [one, two] : [two, one];
  const names: string[] = [];
  for (let at = Math.max(0, low); at <= high; at += 1) {
    const name = rows.nameAt(at);
    if (name !== undefined) names.push(name);
  }
  return names;
};

const moved = (cursor: Cursor, rows: Rows, to: number, extend: boolean): Cursor => {
  const at = Math.min(rows.total - 1, Math.max(0, to));
  if (!extend) return { ...cursor, at, anchor: at };
  const anchor = cursor.anchor < 0 ? at : cursor.anchor;
  return { at, anchor, marked: new Set([...cursor.marked, ...between(rows, anchor, at)]) };
};

const toggled = (cursor: Cursor, rows: Rows, at: number): Cursor => {
  const name = rows.nameAt(at);
  if (name === undefined) return cursor;
  const marked = new Set(cursor.marked);
  if (!marked.delete(name)) marked.add(name);
  return { at, anchor: at, marked };
};

/** The cursor after a command. */
export function step(cursor: Cursor, rows: Rows, command: Command): Cursor {
  if (rows.total === 0) return NOTHING;
  switch (command.kind) {
    case "move":
      return moved(cursor, rows, cursor.at + command.by, command.extend);
    case "jump":
      return moved(cursor, rows, command.to === "first" ? 0 : rows.total - 1, false);
    case "toggle":
      return toggled(cursor, rows, cursor.at);
    case "press":
      if (command.add) return toggled(cursor, rows, command.at);
      return moved(cursor, rows, command.at, command.extend);
    case "clear":
      return { ...cursor, marked: new Set() };
  }
}

/** What a key means in the table; null where it means nothing there. */
export function commandOf(key: string, shift: boolean, page: number): Command | null {
  switch (key) {
    case "j":
    case "J":
    case "ArrowDown":
      return { kind: "move", by: 1, extend: shift };
    case "k":
    case "K":
    case "ArrowUp":
      return { kind: "move", by: -1, extend: shift };
    case "PageDown":
      return { kind: "move", by: page, extend: shift };
    case "PageUp":
      return { kind: "move", by: -page, extend: shift };
    case "Home":
      return { kind: "jump", to: "first" };
    case "End":
      return { kind: "jump", to: "last" };
    case " ":
    case "x":
      return { kind: "toggle" };
    case "Escape":
      return { kind: "clear" };
    default:
      return null;
  }
}

/** Those that a decision is about: the marked ones, or the one under the cursor. */
export function chosen(cursor: Cursor, rows: Rows): string[] {
  if (cursor.marked.size > 0) return [...cursor.marked];
  const name = rows.nameAt(cursor.at);
  return name === undefined ? [] : [name];
}
