import { ClassFace } from "@/screens/classes/ClassFace";
import { ClassPicture } from "@/screens/classes/ClassPicture";
import gallery from "@/screens/classes/classes.module.css";
import { ClassesAndMap } from "@/screens/live/Classes";
import { Panel } from "@/ui";
import { moment, number, plural, withUnit } from "@/units";
import { SESSION } from "../data/answers";
import type { ClassSet, FileClass, LiveFile } from "../data/types";
import styles from "../report.module.css";

const verdict = ({ chosen }: FileClass): string =>
  chosen === null ? "" : chosen ? "chosen" : "left out";

function wordsOf(item: FileClass): string {
  const resolution =
    item.resolution === null ? "resolution unknown" : withUnit(number(item.resolution, 1), "Å");
  return [`Class ${item.number}: ${plural(item.count, "particle")}`, resolution, verdict(item)]
    .filter(Boolean)
    .join(", ");
}

function average(set: ClassSet, index: number) {
  const item = set.items[index];
  const url = set.pictures[0]?.src;
  if (!item || !url) return null;
  const { columns, rows } = set;
  return <ClassPicture sprite={{ url, columns, rows }} at={index} label={wordsOf(item)} />;
}

/** The largest classes and the newest map, for the first screen. */
export function Glance({ file }: { file: LiveFile }) {
  const set = file.classes.at(-1);
  const map = file.maps.at(-1);
  const picture = map?.pictures[0];
  if (!set && !map && file.expects.length === 0) return null;
  return (
    <ClassesAndMap
      session={SESSION}
      classes={(set?.items ?? []).map((item, index) => ({
        number: item.number,
        particles: item.count,
        resolution: item.resolution,
        chosen: item.chosen,
        picture: set && average(set, index),
      }))}
      map={
        map && (
          <>
            {picture && <img src={picture.src} alt={picture.alt} className={styles.sections} />}
            <span>
              3D map
              <strong>{map.resolution}</strong>
              {map.note}
            </span>
          </>
        )
      }
    />
  );
}

/** All classes of each step that makes some, the most populated first. */
export function ClassSets({ sets }: { sets: readonly ClassSet[] }) {
  return sets.map((set) => (
    <Panel key={set.step} title={set.title} note={noteOf(set)}>
      <ol className={`${gallery.gallery} ${styles.gallery}`}>
        {set.items.map((item, index) => (
          <li
            key={item.number}
            className={gallery.tile}
            data-chosen={item.chosen ?? undefined}
            data-left={item.chosen === false || undefined}
            title={wordsOf(item)}
          >
            <ClassFace
              picture={average(set, index)}
              number={item.number}
              particles={item.count}
              resolution={item.resolution}
            />
            <div className={gallery.tileFoot}>
              <span data-taken={item.chosen ?? undefined}>{verdict(item) || "\u00a0"}</span>
            </div>
          </li>
        ))}
      </ol>
    </Panel>
  ));
}

function noteOf(set: ClassSet): string {
  const judged = set.items.filter(({ chosen }) => chosen !== null);
  return [
    `${plural(set.particles, "particle")} in ${plural(set.items.length, "class", "classes")}`,
    judged.length > 0 && `${judged.filter(({ chosen }) => chosen).length} chosen`,
    `snapshot ${set.iteration} at ${moment(set.time)}`,
    `box ${withUnit(number(set.box * set.pixel_size), "Å")}`,
    "resolution by FRC 0.5",
  ]
    .filter(Boolean)
    .join("; ");
}
