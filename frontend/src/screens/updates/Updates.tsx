import { Button, Slider } from "@mantine/core";
import type { ReactNode } from "react";
import { Series, type Line } from "@/charts";
import { Panel } from "@/ui";
import styles from "./updates.module.css";

interface Props {
  updates: readonly { update: number }[];
  /** The one that is shown. */
  shown: number;
  /** Whether the newest is followed. */
  newest: boolean;
  onUpdate: (update: number | null) => void;
  note: string;
  /** Of that which is shown, in words. */
  children: ReactNode;
  /** Å over particles: how it became better. */
  lines: Line[];
  label: string;
}

/** More have no marks of their own below the slider. */
const MARKED = 24;

/** Every update of a result, the way to each of them, and how it became better. */
export function Updates(props: Props) {
  const { updates, shown, newest, onUpdate, note, children, lines, label } = props;
  if (updates.length < 2) return null;
  const place = updates.findIndex(({ update }) => update === shown);
  return (
    <Panel
      title="Updates"
      note={note}
      tools={
        <Button
          size="compact-xs"
          variant={newest ? "light" : "default"}
          aria-pressed={newest}
          onClick={() => onUpdate(null)}
        >
          Follow the newest
        </Button>
      }
    >
      <div className={styles.updates}>
        <div>
          <Slider
            min={0}
            max={updates.length - 1}
            value={Math.max(0, place)}
            onChange={(value) => onUpdate(updates[value]?.update ?? null)}
            label={null}
            marks={updates.length <= MARKED ? updates.map((_, value) => ({ value })) : []}
            thumbLabel="Update that is shown"
          />
          <p className={styles.words}>{children}</p>
        </div>
        <Series label={label} lines={lines} unit="Å" digits={1} height={90} />
      </div>
    </Panel>
  );
}
