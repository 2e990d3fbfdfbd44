const DAY = 86_400;

/** Where something lies in a span of time, in percent from its beginning. */
export interface Extent {
  left: number;
  width: number;
}

/** Where a booking lies in a span; what reaches out of it is cut. */
export function extent(begins: number, ends: number, from: number, to: number): Extent {
  const at = (time: number) => (100 * (Math.min(Math.max(time, from), to) - from)) / (to - from);
  return { left: at(begins), width: at(ends) - at(begins) };
}

/** Narrower bars, in percent, have no room for a name; beside them it needs that much at least. */
const NARROW = 9;

/**
 * How wide a name can be that stands beside its bar, in percent of the bar; null where it stands in
 * the bar, which is wide enough or has another one close behind it.
 */
export function roomBeside({ left, width }: Extent, next: Extent | undefined): number | null {
  const room = (next?.left ?? 100) - left - width;
  return width >= NARROW || width <= 0 || room < NARROW ? null : (100 * room) / width;
}

/** Midnights by the clock of a zone, between two times. */
export function midnights(from: number, to: number, zone: string): number[] {
  const clock = new Intl.DateTimeFormat("en", {
    timeZone: zone,
    hour: "numeric",
    minute: "numeric",
    hourCycle: "h23",
  });
  const since = (time: number) => {
    const parts = clock.formatToParts(new Date(time * 1000));
    const of = (type: string) => Number(parts.find((part) => part.type === type)?.value ?? 0);
    return of("hour") * 3600 + of("minute") * 60;
  };
  const start = from - (from % 60);
  const first = start - since(start);
  const found: number[] = [];
  for (let day = first; day <= to; day += DAY) {
    // On the two days of a year that are longer or shorter, midnight comes an hour beside.
    const off = since(day);
    const midnight = off === 0 ? day : off > DAY / 2 ? day + DAY - off : day - off;
    if (midnight > from && midnight < to) found.push(midnight);
  }
  return found;
}

/** A day as it stands over a timeline: Tue 1 Dec. */
export function dayName(time: number, zone: string): string {
  const parts = new Intl.DateTimeFormat("en", {
    timeZone: zone,
    weekday: "short",
    day: "numeric",
    month: "short",
  }).formatToParts(new Date(time * 1000));
  const of = (type: string) => parts.find((part) => part.type === type)?.value ?? "";
  return `${of("weekday")} ${of("day")} ${of("month")}`;
}
