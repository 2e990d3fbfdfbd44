import { useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { useApi, useMay, useMe } from "@/api/queries";
import type { BegunPlace, FacilityMicroscope } from "@/api/types";
import { Empty, Loading, Page, Shown } from "@/ui";
import { Begun } from "./Begun";
import { MicroscopeCards } from "./MicroscopeCards";
import { Offer } from "./Offer";
import { Questions } from "./Questions";
import styles from "./begin.module.css";

/** Begin a session for who has booked: a microscope, two questions, and it runs. */
export default function BeginSession() {
  const operator = useMay("operator");
  const me = useMe().data;
  if (me && !me.facility)
    return (
      <Page title="Begin a session">
        <Empty title="This machine has no facility">
          A session of movies in a folder is begun as a <Link to="/new">new session</Link>.
        </Empty>
      </Page>
    );
  if (!operator)
    return (
      <Page title="Begin a session">
        <Empty title="You may look, and not start sessions">
          Ask an administrator for the role of an operator.
        </Empty>
      </Page>
    );
  return <Wizard />;
}

function Wizard() {
  const [begun, setBegun] = useState<BegunPlace | null>(null);
  const [query] = useSearchParams();
  const navigate = useNavigate();
  const rows = useApi<FacilityMicroscope[]>("/facility/microscopes", {}, { every: 20_000 });
  const name = query.get("microscope") ?? "";
  const again = () => {
    setBegun(null);
    void navigate("/begin");
  };
  if (begun)
    return (
      <Page title="The session has begun" narrow>
        <Begun begun={begun} onAgain={again} />
      </Page>
    );
  return (
    <Page title="Begin a session" narrow>
      <Shown query={rows} what="The microscopes" loading={<Loading lines={4} height={72} />}>
        {(microscopes) => {
          const only = microscopes.length === 1 ? microscopes[0] : undefined;
          const chosen = microscopes.find((one) => one.name === name) ?? only;
          if (!chosen) return <MicroscopeCards microscopes={microscopes} />;
          return (
            <>
              <div className={styles.chosen}>
                <div>
                  <h2 className={styles.title}>{chosen.title}</h2>
                  <Offer offer={chosen.offer} />
                </div>
                {!only && <Link to="/begin">Another microscope</Link>}
              </div>
              <Questions key={chosen.name} microscope={chosen} onBegun={setBegun} />
            </>
          );
        }}
      </Shown>
    </Page>
  );
}
