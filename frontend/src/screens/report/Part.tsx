import { useEffect, useRef, useState, type ReactNode } from "react";
import styles from "./record.module.css";

/** Pixels before it is on the screen at which a part is drawn. */
const AHEAD = "600px";

interface Props {
  id: string;
  title: string;
  /** About how high it is, in pixels: that it is drawn only when somebody comes near. */
  late?: number;
  children: ReactNode;
}

/** A part of the page that has an address. What costs much is drawn when somebody comes near. */
export function Part({ id, title, late, children }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const [near, setNear] = useState(late === undefined);
  useEffect(() => {
    if (near || !place.current) return;
    const watch = new IntersectionObserver(([entry]) => entry?.isIntersecting && setNear(true), {
      rootMargin: AHEAD,
    });
    watch.observe(place.current);
    return () => watch.disconnect();
  }, [near]);
  return (
    <div
      id={id}
      ref={place}
      className={styles.part}
      role="region"
      aria-label={title}
      data-part={id}
    >
      {near ? children : <div style={{ minHeight: late }} />}
    </div>
  );
}
