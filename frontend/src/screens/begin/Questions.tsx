import { Button } from "@mantine/core";
import { useState } from "react";
import { api } from "@/api/client";
import { useApi, useChange } from "@/api/queries";
import type { BegunPlace, FacilityMicroscope, NewMovies } from "@/api/types";
import { ErrorNote, Note, Panel, Shown } from "@/ui";
import { asked, lacking, moviesOf, NOTHING, type Chosen } from "./asked";
import { Movies } from "./Movies";
import { Processing } from "./Processing";
import { Whose } from "./Whose";
import styles from "./begin.module.css";

interface QuestionsProps {
  microscope: FacilityMicroscope;
  onBegun: (begun: BegunPlace) => void;
}

/** Two questions, each with the likeliest answer chosen, and the button. */
export function Questions({ microscope, onBegun }: QuestionsProps) {
  const [chosen, setChosen] = useState<Chosen>(NOTHING);
  const set = (change: Partial<Chosen>) => setChosen((before) => ({ ...before, ...change }));
  const folders = useApi<NewMovies[]>(
    `/facility/microscopes/${encodeURIComponent(microscope.name)}/movies`,
    {},
    { every: 10_000 },
  );
  return (
    <div className={styles.questions}>
      <Whose offer={microscope.offer} chosen={chosen} set={set} />
      <Shown query={folders} what="The folders of movies">
        {(rows) => (
          <>
            <Movies microscope={microscope} folders={rows} chosen={chosen} set={set} />
            <Start
              microscope={microscope}
              folders={rows}
              chosen={chosen}
              set={set}
              onBegun={onBegun}
            />
          </>
        )}
      </Shown>
    </div>
  );
}

interface StartProps extends QuestionsProps {
  folders: readonly NewMovies[];
  chosen: Chosen;
  set: (change: Partial<Chosen>) => void;
}

function Start({ microscope, folders, chosen, set, onBegun }: StartProps) {
  const start = useChange(
    (asGiven: boolean) =>
      api.post<BegunPlace>("/facility/sessions", {
        ...asked(microscope, chosen, folders),
        as_given: asGiven,
      }),
    ["/sessions", "/facility"],
  );
  const go = (asGiven: boolean) => start.mutate(asGiven, { onSuccess: (begun) => onBegun(begun) });
  const lacks = lacking(chosen, moviesOf(chosen, folders, microscope));
  // What is only doubted can be meant; what is wrong cannot be started.
  const doubted = start.error?.advice?.includes("as_given") ?? false;
  return (
    <Panel title="What is done with them">
      <div className={styles.start}>
        <Processing microscope={microscope} chosen={chosen} set={set} />
        {start.error && <ErrorNote error={start.error} what="The session was not started" />}
        {lacks && <Note>{lacks}</Note>}
        <div className={styles.buttons}>
          <Button
            size="md"
            disabled={lacks !== null}
            loading={start.isPending}
            onClick={() => go(false)}
          >
            Start
          </Button>
          {doubted && (
            <Button size="md" variant="default" loading={start.isPending} onClick={() => go(true)}>
              It is meant like this: start all the same
            </Button>
          )}
        </div>
      </div>
    </Panel>
  );
}
