import { Checkbox, Select, SegmentedControl } from "@mantine/core";
import { useCallback, useState } from "react";
import { sessionPath, useApi, useMay } from "@/api/queries";
import { Empty, Panel } from "@/ui";
import { number, withUnit } from "@/units";
import styles from "./exposure.module.css";
import { micrographUrl, tileUrl } from "./MicrographFigure";
import { PicksBar } from "./picking/PicksBar";
import { useEditing } from "./picking/useEditing";
import type { ExposureDetail, PickSet } from "./types";
import type { Tile } from "./viewer/tiles";
import { Viewer } from "./viewer/Viewer";

interface Props {
  session: string;
  branch: string;
  detail: ExposureDetail;
}

/** Contrast as so many standard deviations between black and white. */
const CONTRASTS = [
  { value: "2", label: "hard" },
  { value: "3", label: "usual" },
  { value: "5", label: "soft" },
];
/** Å */
const LOWPASS = ["0", "10", "20", "30", "50"];

/** The micrograph, to be looked at closely: contrast and low-pass are made by the server. */
export function MicrographPanel({ session, branch, detail }: Props) {
  const [contrast, setContrast] = useState("3");
  const [lowpass, setLowpass] = useState("0");
  const [shown, setShown] = useState(true);
  const [set, setSet] = useState<string | null>(null);
  const path = sessionPath(session, `/exposures/${encodeURIComponent(detail.name)}/picks`);
  const sets = useApi<PickSet[]>(path, { branch }).data ?? [];
  const newest = sets.find(({ step }) => step === set) ?? sets.at(-1);
  const editing = useEditing({ session, branch, exposure: detail.name }, newest);
  const may = useMay("operator");
  const { edits, picks } = editing;
  const { micrograph } = detail;
  const url = useCallback(
    (size: number) =>
      micrograph
        ? micrographUrl(session, micrograph, {
            size,
            contrast: Number(contrast),
            lowpass: Number(lowpass) || undefined,
          })
        : "",
    [session, micrograph, contrast, lowpass],
  );
  const tile = useCallback(
    (one: Tile) =>
      micrograph
        ? tileUrl(session, micrograph, one, {
            contrast: Number(contrast),
            lowpass: Number(lowpass) || undefined,
          })
        : "",
    [session, micrograph, contrast, lowpass],
  );
  return (
    <Panel
      title="Micrograph"
      tools={
        <>
          {picks && (
            <Checkbox
              size="xs"
              label={`${number(picks.points.length)} picks`}
              checked={shown}
              onChange={(event) => setShown(event.currentTarget.checked)}
            />
          )}
          {sets.length > 1 && (
            <Select
              size="xs"
              aria-label="Picks of step"
              className={styles.select}
              data={sets.map(({ step, title }) => ({ value: step, label: title || step }))}
              value={picks?.step ?? null}
              onChange={setSet}
              disabled={edits !== null}
              allowDeselect={false}
            />
          )}
        </>
      }
    >
      {micrograph ? (
        <>
          <Viewer
            picture={micrograph}
            pixelSize={micrograph.pixel_size}
            url={url}
            tileUrl={micrograph.tiles === false ? null : tile}
            picks={shown || edits ? picks : undefined}
            editor={
              picks && edits
                ? {
                    picks,
                    edits,
                    cursor: editing.cursor,
                    change: editing.change,
                    point: editing.point,
                  }
                : undefined
            }
            label={`Micrograph of ${detail.name}`}
          />
          {picks && <PicksBar editing={editing} picks={picks} may={may} />}
          <div className={styles.looks}>
            <span>Contrast</span>
            <SegmentedControl
              size="xs"
              aria-label="Contrast"
              data={CONTRASTS}
              value={contrast}
              onChange={setContrast}
            />
            <span>Low-pass</span>
            <SegmentedControl
              size="xs"
              aria-label="Low-pass filter"
              data={LOWPASS.map((value) => ({
                value,
                label: value === "0" ? "none" : withUnit(value, "Å"),
              }))}
              value={lowpass}
              onChange={setLowpass}
            />
            {picks && !picks.known && (
              <span className={styles.quiet}>
                The diameter of the particle is not known yet; circles leave room.
              </span>
            )}
          </div>
        </>
      ) : (
        <Empty title="No micrograph yet">It comes when its motion is corrected.</Empty>
      )}
    </Panel>
  );
}
