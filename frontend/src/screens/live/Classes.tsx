import { Link } from "react-router";
import { sessionPath, useApi } from "@/api/queries";
import { Empty, Panel } from "@/ui";
import { figures, number, plural, withUnit } from "@/units";
import styles from "./live.module.css";

interface ClassesAnswer {
  step: string;
  update: number;
  classes: readonly {
    number: number;
    particles: number;
    resolution: number | null;
    selected: boolean | null;
    url: string;
  }[];
}

interface VolumesAnswer {
  volume: { resolution: number | null; particles: number };
  /** Address of a section through the middle; `axis` chooses the direction. */
  sections: string;
}

const SHOWN = 8;

/** The largest classes and the newest map, small; each leads to its screen. */
export function Classes({ session, branch }: { session: string; branch: string }) {
  const classes = useApi<ClassesAnswer | null>(sessionPath(session, "/classes"), { branch }).data;
  const volumes = useApi<VolumesAnswer | null>(sessionPath(session, "/volumes"), { branch }).data;
  const base = `/s/${encodeURIComponent(session)}`;
  const largest = [...(classes?.classes ?? [])].sort((one, two) => two.particles - one.particles);
  const chosen = largest.filter(({ selected }) => selected).length;
  const sections = volumes ? AXES.map((axis) => withAxis(volumes.sections, axis)) : [];
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
      {largest.length === 0 && sections.length === 0 ? (
        <Empty title="No classes yet">
          The first ones come when enough particles are extracted.
        </Empty>
      ) : (
        <>
          <ul className={styles.classes}>
            {largest.slice(0, SHOWN).map((one) => (
              <li key={one.number} data-chosen={one.selected ?? undefined}>
                <img
                  src={one.url}
                  alt={`Class ${one.number}`}
                  width={64}
                  height={64}
                  loading="lazy"
                />
                <span>
                  <b>{one.number}</b> {number(one.particles)}
                </span>
                <span>{withUnit(figures(one.resolution, 2), "Å")}</span>
              </li>
            ))}
          </ul>
          {sections.length > 0 && (
            <div className={styles.sections}>
              {sections.map((url) => (
                <img
                  key={url}
                  src={url}
                  alt="Section of the map"
                  width={96}
                  height={96}
                  loading="lazy"
                />
              ))}
              <span>
                3D map
                <strong>{withUnit(figures(volumes?.volume.resolution, 3), "Å")}</strong>
                {volumes ? `${number(volumes.volume.particles)} particles` : ""}
              </span>
            </div>
          )}
        </>
      )}
    </Panel>
  );
}

const AXES = ["z", "y", "x"] as const;

const withAxis = (url: string, axis: string): string =>
  `${url}${url.includes("?") ? "&" : "?"}axis=${axis}`;
