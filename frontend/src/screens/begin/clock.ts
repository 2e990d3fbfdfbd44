const PARTS: Intl.DateTimeFormatOptions = {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
};

/** A moment by the facility's clock, which may be another than the browser's: 28 Nov 14:05. */
export function momentAt(time: number, zone: string, now = Date.now() / 1000): string {
  const said = (at: number) => {
    const parts = new Intl.DateTimeFormat("en", { ...PARTS, timeZone: zone }).formatToParts(
      new Date(at * 1000),
    );
    const of = (type: string) => parts.find((part) => part.type === type)?.value ?? "";
    return { day: `${of("day")} ${of("month")}`, clock: `${of("hour")}:${of("minute")}` };
  };
  const { day, clock } = said(time);
  const today = Math.abs(time - now) < 86_400 && day === said(now).day;
  return today ? clock : `${day} ${clock}`;
}
