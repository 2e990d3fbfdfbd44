import { Select } from "@mantine/core";
import { useMemo, useState } from "react";
import { Scatter } from "@/charts";
import type { Quality } from "../measured/types";
import { Panel } from "@/ui";
import { number, plural, SERIES } from "@/units";
import type { GroupsFile } from "./types";
import styles from "./record.module.css";

interface Props {
  told: GroupsFile;
  qualities: readonly Quality[];
  onOpen: (number: number) => void;
}

const NAMED = 12;

const colourOf = (group: number | string): string =>
  SERIES[(Number(group) - 1 + 10 * SERIES.length) % SERIES.length] ?? SERIES[0];

/** Exposures that share their optics: their beam shifts, and how good each group is. */
export function Groups({ told, qualities, onOpen }: Props) {
  const [chosen, setChosen] = useState<string | null>(null);
  const { groups, shifts } = told;
  const quality = qualities.find(({ name }) => name === chosen) ?? qualities[0];
  const known = useMemo(
    () => groups.filter(({ medians }) => quality && medians[quality.name] !== undefined),
    [groups, quality],
  );
  const names = groups.slice(0, NAMED).map(({ name, count }) => `${name} (${number(count)})`);
  return (
    <Panel
      title="Exposure groups"
      note={`${plural(groups.length, "group")}: ${names.join(", ")}${groups.length > NAMED ? " …" : ""}`}
      tools={
        <Select
          size="xs"
          aria-label="Quality of the groups"
          data={qualities.map(({ name, short }) => ({ value: name, label: short }))}
          value={quality?.name ?? null}
          onChange={setChosen}
          allowDeselect={false}
        />
      }
    >
      <div className={styles.pair}>
        {shifts.order.length > 0 && (
          <figure className={styles.figure}>
            <figcaption>Beam shifts, by exposure group</figcaption>
            <Scatter
              label={`Beam shifts of ${plural(shifts.order.length, "exposure")}`}
              x={{ title: "beam shift x", unit: "", values: shifts.x }}
              y={{ title: "beam shift y", unit: "", values: shifts.y }}
              names={shifts.order.map(
                (order, i) => `exposure ${order + 1}, group ${shifts.group[i]}`,
              )}
              colours={shifts.group.map(colourOf)}
              onPoint={(index) => onOpen((shifts.order[index] ?? 0) + 1)}
            />
            <p className={styles.meaning}>
              In the microscope's own units; exposures of one group share their optics.
            </p>
          </figure>
        )}
        {quality && (
          <figure className={styles.figure}>
            <figcaption>{quality.title}: median of each group</figcaption>
            <Scatter
              label={`${quality.title} of ${plural(known.length, "exposure group")}`}
              x={{ title: "exposure group", unit: "", values: known.map((_, index) => index + 1) }}
              y={{
                title: quality.short,
                unit: quality.unit,
                values: known.map(({ medians }) => medians[quality.name] ?? null),
              }}
              names={known.map(
                ({ name, count, rejected }) =>
                  `group ${name}: ${plural(count, "exposure")}, ${rejected} rejected`,
              )}
              colours={known.map(({ name }) => colourOf(name))}
            />
          </figure>
        )}
      </div>
    </Panel>
  );
}
