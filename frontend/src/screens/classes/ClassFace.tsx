import type { ReactNode } from "react";
import { number, withUnit } from "@/units";
import styles from "./classes.module.css";

interface Props {
  picture: ReactNode;
  number: number;
  particles: number;
  resolution: number | null;
}

/** What every class shows: its average, its number, its particles and its resolution. */
export function ClassFace({ picture, number: name, particles, resolution }: Props) {
  return (
    <>
      {picture}
      <div className={styles.tileHead}>
        <strong>
          <Said>Class </Said>
          {name}
          <Said>,</Said>
        </strong>
        <span>
          {number(particles)}
          <Said> particles,</Said>
        </span>
        <span>{withUnit(number(resolution, 1), "Å")}</span>
      </div>
    </>
  );
}

/** Words for whoever does not see the picture. */
export function Said({ children }: { children: string }) {
  return <span className="visually-hidden">{children}</span>;
}
