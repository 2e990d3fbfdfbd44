import { SegmentedControl } from "@mantine/core";
import { useState } from "react";
import { useFreshSession } from "@/api/live";
import { sessionPath, useApi } from "@/api/queries";
import { Empty, Note, Page, Panel, Shown, Stat, Term, Wide } from "@/ui";
import table from "@/ui/ui.module.css";
import { number, plural, withUnit } from "@/units";
import { useSession } from "../measured/useSession";
import { FscChart } from "./FscChart";
import styles from "./map.module.css";
import { MapHistory } from "./MapHistory";
import { Orientations } from "./Orientations";
import { Slices, type Place } from "./Slices";
import { SurfaceView } from "./SurfaceView";
import { resolutionWords } from "./resolution";
import type { MapAnswer, MapView, Part } from "./types";
import { useCube } from "./useCube";
import type { Volume } from "./volume/volume";

const PARTS: Record<Part, string> = {
  map: "Map",
  mirrored: "Other hand",
  half1: "Half 1",
  half2: "Half 2",
};

/** The map of a session: its surface, slices, and all that says how far it can be believed. */
export default function MapScreen() {
  const { id, branch } = useSession();
  const [update, setUpdate] = useState<number | null>(null);
  const query = useApi<MapAnswer>(sessionPath(id, "/volumes"), { at: update, branch });
  useFreshSession(id, ["/volumes"]);
  if (query.error?.status === 404 && !query.data)
    return (
      <Page title="Map" quiet>
        <Panel>
          <Empty title="There is no map yet">{query.error.advice ?? query.error.message}</Empty>
        </Panel>
      </Page>
    );
  return (
    <Page title="Map" quiet>
      <Shown query={query} what="The map">
        {(answer) => (
          <div className={styles.column}>
            <Told answer={answer} />
            <MapHistory answer={answer} newest={update === null} onUpdate={setUpdate} />
            {answer.volume.there ? <Seen id={id} answer={answer} /> : null}
          </div>
        )}
      </Shown>
    </Page>
  );
}

function Told({ answer: { volume, step } }: { answer: MapAnswer }) {
  return (
    <Panel title={volume.there ? "What is known of it" : "There is no map yet"} note={step}>
      {volume.note && <Note tone="warning">{volume.note}</Note>}
      {volume.there && (
        <div className={styles.stats}>
          <Stat
            label="Resolution"
            value={resolutionWords(volume)}
            note={volume.reached}
            means="Where the correlation of two maps from halves of the particles falls below 0.143."
          />
          <Stat
            label="Particles"
            value={number(volume.particles)}
            note={
              volume.preliminary
                ? `preliminary: ${number(volume.wanted)} are wanted`
                : `${number(volume.wanted)} were wanted`
            }
          />
          <Stat label="Symmetry" value={volume.symmetry || "–"} note="as was found" />
          <Stat
            label="Views"
            value={volume.even ? "even" : "uneven"}
            note={`efficiency ${number(volume.efficiency, 2)} of 1`}
            means="How evenly the directions of view fill Fourier space."
          />
          <Stat
            label="Diameter"
            value={withUnit(number(volume.diameter), "Å")}
            note="of the mask"
          />
          <Stat
            label="Box"
            value={plural(volume.box, "voxel")}
            note={withUnit(number(volume.pixel_size, 2), "Å each")}
          />
        </div>
      )}
    </Panel>
  );
}

function Seen({ id, answer }: { id: string; answer: MapAnswer }) {
  const { volume } = answer;
  const [part, setPart] = useState<Part>("map");
  const cube = useCube(id, answer.result, answer.port, volume.parts.includes(part) ? part : "map");
  const choice = (
    <SegmentedControl
      size="xs"
      fullWidth
      mb="xs"
      value={part}
      onChange={(value) => setPart(value as Part)}
      data={volume.parts.map((one) => ({ value: one, label: PARTS[one] }))}
      aria-label="Which of the maps is shown"
    />
  );
  return (
    <div className={styles.columns}>
      <div className={styles.column}>
        <Panel title="Surface and slices">
          {choice}
          <Shown query={cube} what="The map's voxels">
            {(data) => <Voxels volume={data} label={PARTS[part]} />}
          </Shown>
          <p className={styles.words}>Hand: {volume.hand}.</p>
        </Panel>
      </div>
      <div className={styles.column}>
        {volume.fsc && (
          <Panel
            title={<Term means={FSC}>Fourier shell correlation</Term>}
            note="of two halves of the particles"
          >
            <FscChart fsc={volume.fsc} resolution={volume.resolution} />
            <p className={styles.words}>
              Grey: up to {withUnit(number(volume.fsc.no_evidence), "Å")} both halves began with the
              same map, so their agreement proves nothing there.
            </p>
          </Panel>
        )}
        {volume.views.length > 0 && (
          <Panel title="Directions of view">
            <Orientations views={volume.views} efficiency={volume.efficiency} />
          </Panel>
        )}
        {volume.trials.length > 0 && <Symmetries volume={volume} />}
      </div>
    </div>
  );
}

const FSC =
  "The map is made twice, from each half of the particles; how well the two agree at each resolution.";

function Voxels({ volume, label }: { volume: Volume; label: string }) {
  const middle = Math.floor(volume.side / 2);
  const [place, setPlace] = useState<Place>({ x: middle, y: middle, z: middle });
  return (
    <div className={styles.column}>
      <SurfaceView volume={volume} label={label} />
      <Slices volume={volume} place={place} onPlace={setPlace} />
    </div>
  );
}

function Symmetries({ volume }: { volume: MapView }) {
  // A group may have been tried twice: as a start, and on the map that was chosen.
  const taken = volume.trials.findLast((trial) => trial.taken);
  return (
    <Panel title="Symmetries that were tried" flush>
      <Wide label="Symmetries">
        <table className={table.table}>
          <thead>
            <tr>
              <th>Group</th>
              <th data-right>
                <Term means="Log-likelihood ratio of a particle that was held out; higher is better.">
                  Likelihood
                </Term>
              </th>
              <th data-right>
                <Term means="Of one half with the other turned by the group, over that as it is; near 1 means symmetric.">
                  Agreement
                </Term>
              </th>
              <th />
            </tr>
          </thead>
          <tbody>
            {volume.trials.map((trial, index) => (
              <tr key={index}>
                <td>{trial.group}</td>
                <td data-right>{number(trial.likelihood, 2)}</td>
                <td data-right>{number(trial.correlation, 3)}</td>
                <td>{trial === taken ? "taken" : ""}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </Panel>
  );
}
