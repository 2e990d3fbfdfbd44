import { Autocomplete, Radio, TextInput } from "@mantine/core";
import { useApi } from "@/api/queries";
import type { OfferedBooking, ShownOffer, ShownProject } from "@/api/types";
import { Panel } from "@/ui";
import { about, Doubts, nameOf } from "./Offer";
import { momentAt } from "./clock";
import { OTHER, valueOf, whoseOf, type Chosen } from "./asked";
import styles from "./begin.module.css";

interface WhoseProps {
  offer: ShownOffer;
  chosen: Chosen;
  set: (change: Partial<Chosen>) => void;
}

/** The first question: for which booking, or for whom. */
export function Whose({ offer, chosen, set }: WhoseProps) {
  const whose = whoseOf(chosen, offer.choices);
  return (
    <Panel title="1  Whose session is it?">
      <Radio.Group
        aria-label="Whose session is it?"
        value={whose}
        onChange={(value) => set({ whose: value })}
      >
        <div className={styles.choices}>
          {offer.choices.map((choice) => (
            <Radio
              key={valueOf(choice)}
              value={valueOf(choice)}
              label={nameOf(choice.booking)}
              description={<Booked choice={choice} zone={offer.time_zone} />}
            />
          ))}
          <Radio
            value={OTHER}
            label={offer.choices.length > 0 ? "Somebody else" : "Say it yourself"}
            description="A project and a person, or neither."
          />
        </div>
      </Radio.Group>
      {whose === OTHER && <ByHand chosen={chosen} set={set} />}
      <Doubts offer={offer} />
    </Panel>
  );
}

/** What is known of a booking, in lines. */
function Booked({ choice, zone }: { choice: OfferedBooking; zone: string }) {
  const { booking, when, project_title: title } = choice;
  const words = when === "now" ? "" : ` (${when})`;
  return (
    <span className={styles.lines}>
      {about(booking) && <span>{about(booking)}</span>}
      {title && title !== booking.title && <span>{title}</span>}
      <span>
        {momentAt(booking.begins, zone)} to {momentAt(booking.ends, zone)}
        {words}
      </span>
    </span>
  );
}

function ByHand({ chosen, set }: Omit<WhoseProps, "offer">) {
  const projects = useApi<ShownProject[]>("/facility/projects").data ?? [];
  const known = projects.find((one) => one.code === chosen.project);
  return (
    <div className={styles.pair}>
      <Autocomplete
        label="Project"
        description={known?.title || "Its code, such as cem00123."}
        value={chosen.project}
        onChange={(project) => set({ project })}
        data={projects.filter((one) => one.state === "open").map((one) => one.code)}
        limit={20}
        spellCheck={false}
      />
      <TextInput
        label="Person"
        description="The login of whom it is for."
        value={chosen.operator}
        onChange={(event) => set({ operator: event.currentTarget.value })}
        spellCheck={false}
      />
    </div>
  );
}
