import { Tooltip } from "@mantine/core";
import { useApi } from "@/api/queries";
import type { FacilityMicroscope, ShownBooking } from "@/api/types";
import { momentAt } from "@/screens/begin/clock";
import { about, nameOf } from "@/screens/begin/Offer";
import { Empty, Panel, Shown, useNow, Wide } from "@/ui";
import { dayName, extent, midnights, roomBeside } from "./timeline";
import styles from "./facility.module.css";

const DAYS = 7;

/** Who has which microscope in the next days. */
export function Timeline({ microscopes }: { microscopes: readonly FacilityMicroscope[] }) {
  const bookings = useApi<ShownBooking[]>("/facility/bookings", { days: DAYS }, { every: 60_000 });
  const source = microscopes[0]?.offer.source;
  return (
    <Panel title="Bookings" note={`the next ${DAYS} days`} flush>
      <Shown query={bookings} what="The bookings">
        {(rows) =>
          source === "" ? (
            <Empty title="There is no booking system">
              [bookings] of the facility file says where bookings are read from.
            </Empty>
          ) : (
            <Wide label="Bookings of the microscopes">
              <Days microscopes={microscopes} bookings={rows} />
            </Wide>
          )
        }
      </Shown>
    </Panel>
  );
}

interface DaysProps {
  microscopes: readonly FacilityMicroscope[];
  bookings: readonly ShownBooking[];
}

function Days({ microscopes, bookings }: DaysProps) {
  const from = Math.floor(useNow() / 60) * 60;
  const to = from + DAYS * 86_400;
  const zone = microscopes[0]?.offer.time_zone ?? "UTC";
  const days = midnights(from, to, zone);
  return (
    <div className={styles.timeline}>
      <div className={styles.lane} aria-hidden="true">
        <span />
        <span className={styles.days}>
          {days.map((day) => (
            <span
              key={day}
              className={styles.day}
              style={{ left: `${extent(day, day, from, to).left}%` }}
            >
              {dayName(day, zone)}
            </span>
          ))}
        </span>
      </div>
      {microscopes.map((one) => (
        <div key={one.name} className={styles.lane}>
          <span className={styles.laneName}>{one.title}</span>
          <ul className={styles.track} aria-label={`Bookings of ${one.title}`}>
            {days.map((day) => (
              <li
                key={day}
                className={styles.tick}
                style={{ left: `${extent(day, day, from, to).left}%` }}
                aria-hidden="true"
              />
            ))}
            {bookings
              .filter((booking) => booking.microscope === one.name)
              .map((booking, place, own) => (
                <Booked
                  key={booking.id}
                  booking={booking}
                  next={own[place + 1]}
                  from={from}
                  to={to}
                  zone={zone}
                />
              ))}
          </ul>
        </div>
      ))}
    </div>
  );
}

interface BookedProps {
  booking: ShownBooking;
  /** The one after it at the same microscope. */
  next: ShownBooking | undefined;
  from: number;
  to: number;
  zone: string;
}

function Booked({ booking, next, from, to, zone }: BookedProps) {
  const bar = extent(booking.begins, booking.ends, from, to);
  const beside = roomBeside(bar, next && extent(next.begins, next.ends, from, to));
  const when = `${momentAt(booking.begins, zone)} to ${momentAt(booking.ends, zone)}`;
  const waits = booking.state === "pending" ? "waits for approval" : "";
  const words = [nameOf(booking), about(booking), when, waits].filter(Boolean).join(", ");
  return (
    <li
      className={styles.booked}
      data-kind={booking.kind}
      data-pending={waits ? true : undefined}
      style={{ left: `${bar.left}%`, width: `${bar.width}%` }}
    >
      <Tooltip label={words}>
        <span
          className={styles.bookedName}
          data-beside={beside !== null || undefined}
          style={beside === null ? undefined : { maxWidth: `${beside}%` }}
          tabIndex={0}
        >
          <span aria-hidden="true">{nameOf(booking)}</span>
          <span className="visually-hidden">{words}</span>
        </span>
      </Tooltip>
    </li>
  );
}
