import type { ReactNode } from "react";
import { Link } from "react-router";
import { sessionPath, useApi } from "@/api/queries";
import { Empty, Panel } from "@/ui";
import { figures, number, plural, withUnit } from "@/units";
import type { ClassesAnswer } from "../classes/types";
import { resolutionWords } from "../map/resolution";
import type { MapAnswer } from "../map/types";
import styles from "./live.module.css";

const SHOWN = 8;

/** The largest classes and the newest map, small; each leads to its screen. */
export function Classes({ session, branch }: { session: string; branch: string }) {
  const classes = useApi<ClassesAnswer>(sessionPath(session, "/classes"), { branch }).data;
  const map = useApi<MapAnswer>(sessionPath(session, "/volumes"), { branch }).data;
  const faces = (classes?.classes ?? []).map(({ url, selected, ...row }) => ({
    ...row,
    chosen: selected,
    picture: <img src={url} alt={`Class ${row.number}`} width={64} height={64} loading="lazy" />,
  }));
  // As long as there is no map, its step says why, and there is nothing to cut.
  const cut = map?.sections ?? null;
  return (
    <ClassesAndMap
      session={session}
      classes={faces}
      map={
        map &&
        cut !== null && (
          <>
            {AXES.map((axis) => (
              <img
                key={axis}
                src={`${cut}?axis=${axis}`}
                alt="Section of the map"
                width={96}
                height={96}
                loading="lazy"
              />
            ))}
            <span>
              3D map
              <strong>{resolutionWords(map.volume)}</strong>
              {plural(map.volume.particles, "particle")}
            </span>
          </>
        )
      }
    />
  );
}

const AXES = ["z", "y", "x"] as const;

/** A class among the largest. */
export interface Face {
  number: number;
  particles: number;
  resolution: number | null;
  chosen: boolean | null;
  picture: ReactNode;
}

interface Props {
  session: string;
  classes: readonly Face[];
  /** The newest map; nothing where there is none. */
  map: ReactNode;
}

/** The same from whatever knows of them. */
export function ClassesAndMap({ session, classes, map }: Props) {
  const base = `/s/${encodeURIComponent(session)}`;
  const largest = [...classes].sort((one, two) => two.particles - one.particles);
  const chosen = largest.filter((one) => one.chosen).length;
  return (
    <Panel
      title="Classes and map"
      note={
        largest.length
          ? `${plural(largest.length, "class", "classes")}, ${chosen} chosen`
          : undefined
      }
      tools={
        <>
          <Link to={`${base}/classes`}>Classes</Link>
          <Link to={`${base}/map`}>Map</Link>
        </>
      }
    >
      {largest.length === 0 && !map ? (
        <Empty title="No classes yet">
          The first ones come when enough particles are extracted.
        </Empty>
      ) : (
        <>
          <ul className={styles.classes}>
            {largest.slice(0, SHOWN).map((one) => (
              <li key={one.number} data-chosen={one.chosen ?? undefined}>
                {one.picture}
                <span>
                  <b>{one.number}</b> {number(one.particles)}
                </span>
                <span>{withUnit(figures(one.resolution, 2), "Å")}</span>
              </li>
            ))}
          </ul>
          {map && <div className={styles.sections}>{map}</div>}
        </>
      )}
    </Panel>
  );
}
