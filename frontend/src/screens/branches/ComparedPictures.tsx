import { SegmentedControl, Switch } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { NativeSelect } from "@mantine/core";
import { Panel } from "@/ui";
import styles from "./branches.module.css";
import type { ComparedPicture, Comparison } from "./types";

type Way = "beside" | "blink" | "difference";

const SECOND = 700;

/** Pictures of both branches: side by side, in turn at one place, or what differs. */
export function ComparedPictures({ found }: { found: Comparison }) {
  const [at, setAt] = useState(0);
  const [way, setWay] = useState<Way>("beside");
  const shown = found.pictures[Math.min(at, found.pictures.length - 1)];
  if (!shown) return null;
  const both = shown.old !== null && shown.new !== null;
  return (
    <Panel title="Pictures" note={shown.why}>
      <div className={styles.pictures}>
        <div className={styles.pictureTools}>
          <NativeSelect
            size="xs"
            aria-label="Picture"
            value={String(at)}
            onChange={(event) => setAt(Number(event.currentTarget.value))}
            data={found.pictures.map((one, index) => ({
              value: String(index),
              label: [one.exposure || one.step, one.title].filter(Boolean).join(" · "),
            }))}
          />
          <SegmentedControl
            size="xs"
            aria-label="How the two are compared"
            value={both ? way : "beside"}
            disabled={!both}
            onChange={(value) => setWay(value as Way)}
            data={[
              { value: "beside", label: "Side by side" },
              { value: "blink", label: "Blink" },
              { value: "difference", label: "Difference" },
            ]}
          />
        </div>
        {both && way === "blink" ? (
          <Blink picture={shown} found={found} />
        ) : both && way === "difference" ? (
          <DifferenceImage picture={shown} found={found} />
        ) : (
          <div className={styles.pair}>
            <OneSide url={shown.old} name={found.old} title={shown.title} />
            <OneSide url={shown.new} name={found.new} title={shown.title} />
          </div>
        )}
      </div>
    </Panel>
  );
}

function OneSide({ url, name, title }: { url: string | null; name: string; title: string }) {
  return (
    <figure>
      {url === null ? (
        <div className={styles.none}>none in {name}</div>
      ) : (
        <img src={url} alt={`${title}, ${name}`} />
      )}
      <figcaption className={styles.quiet}>{name}</figcaption>
    </figure>
  );
}

interface OneProps {
  picture: ComparedPicture;
  found: Comparison;
}

function Blink({ picture, found }: OneProps) {
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const [runs, setRuns] = useState(!still);
  const [second, setSecond] = useState(false);
  useEffect(() => {
    if (!runs) return;
    const timer = setInterval(() => setSecond((now) => !now), SECOND);
    return () => clearInterval(timer);
  }, [runs]);
  return (
    <div className={styles.one}>
      <figure>
        <button
          type="button"
          className={styles.blink}
          aria-label="Show the other one"
          onClick={() => {
            setRuns(false);
            setSecond(!second);
          }}
        >
          <img src={picture.old ?? ""} alt={`${picture.title}, ${found.old}`} hidden={second} />
          <img src={picture.new ?? ""} alt={`${picture.title}, ${found.new}`} hidden={!second} />
        </button>
        <figcaption className={styles.pictureTools}>
          <strong>{second ? found.new : found.old}</strong>
          <Switch
            size="xs"
            label="In turn"
            checked={runs}
            onChange={(event) => setRuns(event.currentTarget.checked)}
          />
        </figcaption>
      </figure>
    </div>
  );
}

/** Where the second picture is brighter (orange) or darker (blue) than the first. */
function DifferenceImage({ picture, found }: OneProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    let gone = false;
    Promise.all([picture.old ?? "", picture.new ?? ""].map(loaded))
      .then(([old, now]) => {
        if (!gone && canvas.current && old && now) drawDifference(canvas.current, old, now);
      })
      .catch(() => setProblem("The pictures cannot be loaded."));
    return () => {
      gone = true;
    };
  }, [picture]);
  return (
    <div className={styles.one}>
      <figure>
        <canvas ref={canvas} role="img" aria-label={`Difference of ${picture.title}`} />
        <figcaption className={styles.quiet}>
          {problem || `Orange: brighter in ${found.new}; blue: darker. Grey: the same.`}
        </figcaption>
      </figure>
    </div>
  );
}

async function loaded(url: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

function drawDifference(
  canvas: HTMLCanvasElement,
  old: HTMLImageElement,
  now: HTMLImageElement,
): void {
  const [width, height] = [old.naturalWidth, old.naturalHeight];
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return;
  const pixels = [old, now].map((image) => {
    context.drawImage(image, 0, 0, width, height);
    return context.getImageData(0, 0, width, height);
  });
  const [first, second] = pixels;
  if (!first || !second) return;
  context.putImageData(new ImageData(differenceOf(first.data, second.data), width, height), 0, 0);
}

/** Grey where two pictures (RGBA) are the same; orange and blue where the second differs. */
export function differenceOf(
  first: Uint8ClampedArray,
  second: Uint8ClampedArray,
): Uint8ClampedArray<ArrayBuffer> {
  const shown = new Uint8ClampedArray(first.length);
  for (let at = 0; at < first.length; at += 4) {
    const grey = (some: Uint8ClampedArray) =>
      ((some[at] ?? 0) + (some[at + 1] ?? 0) + (some[at + 2] ?? 0)) / 3;
    const change = grey(second) - grey(first);
    const [up, down] = [Math.max(0, change), Math.max(0, -change)];
    shown.set([128 + up - down, 128 + 0.3 * up + 0.2 * down, 128 - up + down, 255], at);
  }
  return shown;
}
