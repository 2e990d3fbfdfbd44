import type { ShownBooking, ShownOffer } from "@/api/types";
import { StateBadge, ToneMark } from "@/ui";
import { duration } from "@/units";
import { momentAt } from "./clock";
import styles from "./begin.module.css";

/** Who has a microscope now, until when, and what is unsure about it. */
export function Offer({ offer }: { offer: ShownOffer }) {
  const now = offer.choices.find((one) => one.when === "now");
  return (
    <div className={styles.offer}>
      {offer.blocked ? (
        <StateBadge
          tone="warning"
          state={offer.blocked.kind}
          label={`${capital(offer.blocked.kind)} until ${momentAt(offer.blocked.ends, offer.time_zone)}`}
        />
      ) : now ? (
        <StateBadge
          tone="good"
          state="now"
          label={`${nameOf(now.booking)} until ${momentAt(now.booking.ends, offer.time_zone)}`}
        />
      ) : (
        <StateBadge tone="idle" state="free" label="Nobody has it now" />
      )}
      {now && about(now.booking) && <div className={styles.about}>{about(now.booking)}</div>}
      {offer.next && (
        <div className={styles.quiet}>
          Next: {nameOf(offer.next)}, {momentAt(offer.next.begins, offer.time_zone)}
        </div>
      )}
    </div>
  );
}

/** What is unsure, and how old the bookings are. */
export function Doubts({ offer }: { offer: ShownOffer }) {
  return (
    <ul className={styles.doubts}>
      {offer.doubts.map((doubt) => (
        <li key={doubt}>
          <ToneMark tone="warning" /> <span>{sentence(doubt)}</span>
        </li>
      ))}
      {offer.age !== null && (
        <li className={styles.quiet}>Bookings as they were {duration(offer.age)} ago.</li>
      )}
    </ul>
  );
}

/** Whose a booking is. */
export const nameOf = (one: ShownBooking): string =>
  one.kind === "booked" ? one.name || "somebody" : one.kind;

/** What a booking is for; the code of its project once. */
export function about(one: ShownBooking): string {
  const named = one.title.toLowerCase().includes(one.project.toLowerCase());
  return [named ? "" : one.project, one.title].filter(Boolean).join(" · ");
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const sentence = (text: string): string => `${capital(text)}${/[.?!]$/.test(text) ? "" : "."}`;
