import { Modal } from "@mantine/core";
import { useEffect, useEffectEvent, useState, useSyncExternalStore } from "react";
import styles from "./ui.module.css";

/** What a key does, in words, and the doing. */
export interface Shortcut {
  what: string;
  do: () => void;
}

interface Group {
  title: string;
  keys: Record<string, Shortcut>;
}

let groups: readonly Group[] = [];
const watchers = new Set<() => void>();

function change(next: readonly Group[]): void {
  groups = next;
  for (const watcher of watchers) watcher();
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** Whether a key is for the field that has the focus: text, or a step of a choice. */
function isForField({ target, key }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement)) return false;
  // Letters mean nothing to what is only ticked or moved: they stay the page's.
  if (target instanceof HTMLInputElement && /^(radio|checkbox|range)$/.test(target.type))
    return key === " " || key.length > 1;
  return target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName);
}

/**
 * Keys of a part of the page, as long as it is shown; `?` lists them. Names are those of
 * `KeyboardEvent.key`; a later part wins over an earlier one.
 */
export function useKeys(title: string, keys: Record<string, Shortcut>): void {
  const current = useEffectEvent(() => keys);
  const names = Object.entries(keys)
    .map(([key, { what }]) => `${key}\t${what}`)
    .join("\n");
  useEffect(() => {
    const mine: Group = { title, keys: {} };
    for (const line of names.split("\n").filter(Boolean)) {
      const [key = "", what = ""] = line.split("\t");
      mine.keys[key] = { what, do: () => current()[key]?.do() };
    }
    change([...groups, mine]);
    return () => change(groups.filter((group) => group !== mine));
  }, [title, names]);
}

const NAMES: Record<string, string> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  " ": "Space",
};

/** Listens to the keys of the page, and shows them all on `?`. */
export function KeyHelp() {
  const [opened, setOpened] = useState(false);
  const shown = useSyncExternalStore(watch, () => groups);
  useEffect(() => {
    const hear = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isForField(event)) return;
      if (event.key === "?") return setOpened((now) => !now);
      if (document.querySelector("[role=dialog]")) return;
      const found = groups.findLast((group) => event.key in group.keys);
      if (!found) return;
      event.preventDefault();
      found.keys[event.key]?.do();
    };
    window.addEventListener("keydown", hear);
    return () => window.removeEventListener("keydown", hear);
  }, []);
  return (
    <Modal opened={opened} onClose={() => setOpened(false)} title="Keys">
      {shown.map((group) => (
        <section key={group.title}>
          <h3>{group.title}</h3>
          <dl className={styles.keys}>
            {Object.entries(group.keys).map(([key, { what }]) => (
              <KeyLine key={key} name={NAMES[key] ?? key} what={what} />
            ))}
          </dl>
        </section>
      ))}
      <dl className={styles.keys}>
        <KeyLine name="?" what="Show or hide these keys" />
      </dl>
    </Modal>
  );
}

function KeyLine({ name, what }: { name: string; what: string }) {
  return (
    <>
      <dt>
        <kbd className={styles.key}>{name}</kbd>
      </dt>
      <dd>{what}</dd>
    </>
  );
}
