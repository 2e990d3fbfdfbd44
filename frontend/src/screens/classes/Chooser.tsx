import { Button, SegmentedControl, Slider } from "@mantine/core";
import { useMemo, useState } from "react";
import { useMay } from "@/api/queries";
import { Note, Panel, useKeys } from "@/ui";
import { number, plural } from "@/units";
import { ApplyChoice } from "./ApplyChoice";
import {
  changesOf,
  ruleTakes,
  sorted,
  takes,
  totals,
  wished,
  decisionOn,
  type Choice,
  type Sorting,
} from "./choosing";
import type { Tool } from "./drawing";
import { Gallery, type Tile } from "./Gallery";
import { Members } from "./Members";
import { Rules } from "./Rules";
import type { ClassesAnswer, ClassRow } from "./types";
import styles from "./classes.module.css";

interface ChooserProps {
  id: string;
  /** Empty: the adopted one. */
  branch: string;
  answer: ClassesAnswer;
  /** As the session has it; null where no step chooses among these classes. */
  before: Choice | null;
}

const SORTINGS: { value: Sorting; label: string }[] = [
  { value: "size", label: "Size" },
  { value: "resolution", label: "Resolution" },
  { value: "score", label: "Score" },
  { value: "number", label: "Number" },
];
const TOOLS: { value: Tool; label: string }[] = [
  { value: "rectangle", label: "Rectangle" },
  { value: "lasso", label: "Lasso" },
];
const NOTHING: Choice = {
  score_min: 0,
  resolution_max: null,
  particles_min: null,
  include: "",
  exclude: "",
};

/** The gallery, the rule, and what a person decides beside it, before it is asked for. */
export function Chooser({ id, branch, answer, before }: ChooserProps) {
  const may = useMay("operator") && before !== null;
  const [edited, setEdited] = useState<Choice | null>(null);
  const [marked, setMarked] = useState<Set<number>>(new Set());
  const [by, setBy] = useState<Sorting>("size");
  const [size, setSize] = useState(132);
  const [tool, setTool] = useState<Tool>("rectangle");
  const [opened, setOpened] = useState<number | null>(null);
  const [asking, setAsking] = useState(false);
  const [said, setSaid] = useState("");
  const saved = before ?? NOTHING;
  const choice = edited ?? saved;
  const parents = useMemo(
    () =>
      new Map(
        answer.classes.flatMap((row) => (row.parent === null ? [] : [[row.number, row.parent]])),
      ),
    [answer.classes],
  );
  const rows = useMemo(() => sorted(answer.classes, by), [answer.classes, by]);
  const tiles = rows.map((row) => tileOf(row, choice, before, edited !== null, parents));
  const sum = totals(answer.classes, choice, parents);
  const changes = changesOf(saved, choice);
  const dirty = Object.keys(changes).length > 0;
  const decide = (numbers: Iterable<number>, wish: "take" | "leave" | "rule") => {
    if (may) setEdited(wished(choice, numbers, wish));
  };
  const toggle = (numbers: number[]) => {
    const all = answer.classes.filter((row) => numbers.includes(row.number));
    decide(numbers, all.every((row) => takes(row, choice, parents)) ? "leave" : "take");
  };
  useKeys("Classes", {
    t: { what: "Take the marked classes", do: () => decide(marked, "take") },
    x: { what: "Leave them out", do: () => decide(marked, "leave") },
    r: { what: "Give them back to the rule", do: () => decide(marked, "rule") },
    l: {
      what: "Mark with a lasso, or a rectangle again",
      do: () => setTool(tool === "lasso" ? "rectangle" : "lasso"),
    },
  });
  const shown = answer.classes.find((row) => row.number === opened);
  return (
    <>
      {before && (
        <Panel
          title="Rule"
          note={`of the step ${answer.chooser}`}
          tools={said && <span role="status">{said}</span>}
        >
          <Rules choice={choice} onChange={setEdited} disabled={!may} />
          <p className={styles.words}>
            {dirty ? "Would take " : "Takes "}
            <strong>{plural(sum.classes, "class", "classes")}</strong> of{" "}
            {number(answer.classes.length)}, <strong>{plural(sum.particles, "particle")}</strong> of{" "}
            {number(answer.particles)}
            {dirty && changeWords(sum)}.
          </p>
        </Panel>
      )}
      {!before && <Note>No step of this workflow chooses among these classes.</Note>}
      <div className={styles.bar} role="toolbar" aria-label="Classes">
        <SegmentedControl
          size="xs"
          aria-label="Sorted by"
          value={by}
          onChange={(value) => setBy(value as Sorting)}
          data={SORTINGS}
        />
        <SegmentedControl
          size="xs"
          aria-label="Mark with a"
          title="Drag over the classes. Shift adds to what is marked, Alt takes away."
          value={tool}
          onChange={(value) => setTool(value as Tool)}
          data={TOOLS}
        />
        <div className={styles.zoom}>
          <Slider
            min={72}
            max={240}
            value={size}
            onChange={setSize}
            label={null}
            size="sm"
            thumbLabel="Size of the pictures"
          />
        </div>
        <span className={styles.spring} />
        {marked.size > 0 && <span className={styles.quiet}>{number(marked.size)} marked</span>}
        {may && (
          <>
            <Button
              size="xs"
              variant="default"
              disabled={marked.size === 0}
              onClick={() => decide(marked, "take")}
            >
              Take
            </Button>
            <Button
              size="xs"
              variant="default"
              disabled={marked.size === 0}
              onClick={() => decide(marked, "leave")}
            >
              Leave out
            </Button>
            <Button
              size="xs"
              variant="default"
              disabled={marked.size === 0}
              onClick={() => decide(marked, "rule")}
            >
              By the rule
            </Button>
            <Button size="xs" variant="subtle" disabled={!dirty} onClick={() => setEdited(null)}>
              Discard
            </Button>
            <Button size="xs" disabled={!dirty} onClick={() => setAsking(true)}>
              Apply…
            </Button>
          </>
        )}
        <Button
          size="xs"
          variant="default"
          disabled={marked.size !== 1}
          onClick={() => setOpened([...marked][0] ?? null)}
        >
          Members
        </Button>
      </div>
      <Gallery
        tiles={tiles}
        size={size}
        tool={tool}
        marked={marked}
        onMark={setMarked}
        onToggle={toggle}
        onOpen={setOpened}
      />
      {shown && (
        <Members
          id={id}
          branch={branch}
          row={shown}
          update={answer.update}
          step={answer.step}
          why={shown.why}
          onClose={() => setOpened(null)}
        />
      )}
      {asking && (
        <ApplyChoice
          id={id}
          branch={branch}
          step={answer.chooser}
          changes={changes}
          gained={sum.gained}
          lost={sum.lost}
          onClose={() => setAsking(false)}
          onDone={(words) => {
            setAsking(false);
            setEdited(null);
            setSaid(words);
          }}
        />
      )}
    </>
  );
}

function tileOf(
  row: ClassRow,
  choice: Choice,
  before: Choice | null,
  edited: boolean,
  parents: ReadonlyMap<number, number>,
): Tile {
  if (!before) return { row, taken: true, decided: false, changed: false, why: row.why };
  const { wish, of } = decisionOn(row, choice, parents);
  const taken = edited || row.selected === null ? takes(row, choice, parents) : row.selected;
  const changed = edited && row.selected !== null && taken !== row.selected;
  const what = taken ? "taken" : "left out";
  const byHand = of === row.number ? `${what} by hand` : `${what} with class ${of}`;
  const why = changed ? (wish === "rule" ? ruleWords(row, choice) : byHand) : row.why;
  return { row, taken, decided: wish !== "rule", changed, why };
}

const ruleWords = (row: ClassRow, choice: Choice): string =>
  `the rule would ${ruleTakes(row, choice) ? "take it" : "leave it out"}`;

function changeWords({ gained, lost }: { gained: number[]; lost: number[] }): string {
  const parts = [
    gained.length > 0 && `${plural(gained.length, "class", "classes")} more`,
    lost.length > 0 && `${number(lost.length)} fewer`,
  ].filter(Boolean);
  return parts.length > 0 ? ` (${parts.join(", ")})` : "";
}
