import styles from "./classes.module.css";

/** One picture that holds the averages of all classes, row by row. */
export interface Sprite {
  url: string;
  columns: number;
  rows: number;
}

interface Props {
  sprite: Sprite;
  /** Place of the class in it, from 0. */
  at: number;
  label: string;
}

/** The average of one class, cut out of the picture of all. */
export function ClassPicture({ sprite: { url, columns, rows }, at, label }: Props) {
  const across = columns > 1 ? ((at % columns) / (columns - 1)) * 100 : 0;
  const down = rows > 1 ? (Math.floor(at / columns) / (rows - 1)) * 100 : 0;
  return (
    <div
      role="img"
      aria-label={label}
      className={styles.average}
      style={{
        backgroundImage: `url("${url}")`,
        backgroundSize: `${columns * 100}% ${rows * 100}%`,
        backgroundPosition: `${across}% ${down}%`,
      }}
    />
  );
}
