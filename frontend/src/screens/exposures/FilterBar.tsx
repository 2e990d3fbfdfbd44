import { Button, Checkbox, CloseButton, Popover, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useState } from "react";
import { number } from "@/units";
import { shownLimit } from "../measured/shown";
import type { Quality } from "../measured/types";
import styles from "./screen.module.css";
import { isFiltered, NO_FILTERS, STATES, withWhere, type Filters, type Where } from "./filters";

interface Props {
  filters: Filters;
  qualities: readonly Quality[];
  chosen: readonly string[];
  onFilters: (filters: Filters) => void;
  onChosen: (names: string[]) => void;
  matching: number;
  total: number;
}

/** Search, states, ranges and columns; what is filtered shows as chips that can be taken away. */
export function FilterBar({ filters, qualities, chosen, onFilters, onChosen, ...counts }: Props) {
  const [typed, setTyped] = useState(filters.search);
  const search = useDebouncedCallback(
    (text: string) => onFilters({ ...filters, search: text }),
    150,
  );
  const toggle = (state: string): void => {
    const states = filters.states.includes(state)
      ? filters.states.filter((one) => one !== state)
      : [...filters.states, state];
    onFilters({ ...filters, states });
  };
  return (
    <div className={styles.filters}>
      <TextInput
        size="xs"
        aria-label="Search names"
        placeholder="Part of a name"
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          search(event.currentTarget.value);
        }}
        className={styles.search}
      />
      <div className={styles.states} role="group" aria-label="States">
        {STATES.map((state) => (
          <Button
            key={state}
            size="compact-xs"
            variant={filters.states.includes(state) ? "filled" : "default"}
            aria-pressed={filters.states.includes(state)}
            onClick={() => toggle(state)}
          >
            {state}
          </Button>
        ))}
      </div>
      <Chips filters={filters} qualities={qualities} onFilters={onFilters} />
      {isFiltered(filters) && (
        <Button
          size="compact-xs"
          variant="subtle"
          onClick={() => {
            setTyped("");
            onFilters({ ...NO_FILTERS, sort: filters.sort, descending: filters.descending });
          }}
        >
          Clear all
        </Button>
      )}
      <span className={styles.counts} role="status">
        {counts.matching === counts.total
          ? `${number(counts.total)} exposures`
          : `${number(counts.matching)} of ${number(counts.total)}`}
      </span>
      <ColumnChoice qualities={qualities} chosen={chosen} onChosen={onChosen} />
    </div>
  );
}

function Chips({
  filters,
  qualities,
  onFilters,
}: Pick<Props, "filters" | "qualities" | "onFilters">) {
  const chips: [string, () => void][] = [
    ...filters.where.map((where): [string, () => void] => [
      whereWords(where, qualities),
      () => onFilters(withWhere(filters, { ...where, low: null, high: null })),
    ]),
    ...filters.squares.map((square): [string, () => void] => [
      `square ${square}`,
      () => onFilters({ ...filters, squares: filters.squares.filter((one) => one !== square) }),
    ]),
  ];
  if (filters.alert) {
    chips.push([`of alert #${filters.alert}`, () => onFilters({ ...filters, alert: "" })]);
  }
  return chips.map(([words, remove]) => (
    <span key={words} className={styles.chip}>
      {words}
      <CloseButton size="xs" aria-label={`Without ${words}`} onClick={remove} />
    </span>
  ));
}

/** A range in words, in the unit that is shown. */
export function whereWords({ quality, low, high }: Where, qualities: readonly Quality[]): string {
  const known = qualities.find(({ name }) => name === quality);
  const text = (value: number): string =>
    known ? shownLimit(value * known.scale, known) : number(value);
  const name = known?.short ?? (quality === "number" ? "exposures" : quality);
  if (low !== null && high !== null) return `${name} ${text(low)} to ${text(high)}`;
  if (low !== null) return `${name} from ${text(low)}`;
  return high === null ? name : `${name} up to ${text(high)}`;
}

function ColumnChoice({
  qualities,
  chosen,
  onChosen,
}: Pick<Props, "qualities" | "chosen" | "onChosen">) {
  return (
    <Popover position="bottom-end" trapFocus>
      <Popover.Target>
        <Button size="compact-xs" variant="default">
          Columns
        </Button>
      </Popover.Target>
      <Popover.Dropdown className={styles.columnChoice}>
        {qualities.map(({ name, title }) => (
          <Checkbox
            key={name}
            size="xs"
            label={title}
            checked={chosen.includes(name)}
            onChange={(event) =>
              onChosen(
                event.currentTarget.checked
                  ? qualities
                      .map((one) => one.name)
                      .filter((one) => one === name || chosen.includes(one))
                  : chosen.filter((one) => one !== name),
              )
            }
          />
        ))}
      </Popover.Dropdown>
    </Popover>
  );
}
