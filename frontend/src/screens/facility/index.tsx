import { Button } from "@mantine/core";
import { Link } from "react-router";
import { useApi, useMay, useMe } from "@/api/queries";
import type { FacilityMicroscope } from "@/api/types";
import { Empty, Page, Shown } from "@/ui";
import { Checked } from "./Checked";
import { Duties } from "./Duties";
import { PlacedSessions } from "./PlacedSessions";
import { Timeline } from "./Timeline";

/** How the whole facility goes, for its staff: bookings, sessions, duties, problems. */
export default function Facility() {
  const staff = useMay("staff");
  const me = useMe().data;
  if (me && !(me.facility && staff))
    return (
      <Page title="Facility">
        <Empty title={me.facility ? "Nothing here for you" : "This machine has no facility"}>
          {me.facility
            ? "This is for the facility's staff."
            : "icestream facility example writes a file to begin with."}
        </Empty>
      </Page>
    );
  return <Whole />;
}

function Whole() {
  const microscopes = useApi<FacilityMicroscope[]>("/facility/microscopes", {}, { every: 60_000 });
  return (
    <Page
      title="Facility"
      tools={
        <Button component={Link} to="/begin" size="xs">
          Begin for a booking
        </Button>
      }
    >
      <Shown query={microscopes} what="The microscopes">
        {(rows) => <Timeline microscopes={rows} />}
      </Shown>
      <PlacedSessions microscopes={microscopes.data ?? []} />
      <Duties />
      <Checked />
    </Page>
  );
}
