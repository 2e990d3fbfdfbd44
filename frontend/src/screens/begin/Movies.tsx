import { Radio } from "@mantine/core";
import type { FacilityMicroscope, NewMovies } from "@/api/types";
import { FolderField } from "@/screens/new/FolderField";
import { Age, Panel } from "@/ui";
import { ALL, moviesOf, OTHER, type Chosen } from "./asked";
import styles from "./begin.module.css";

interface MoviesProps {
  microscope: FacilityMicroscope;
  folders: readonly NewMovies[];
  chosen: Chosen;
  set: (change: Partial<Chosen>) => void;
}

/** The second question: which folder its movies come into. */
export function Movies({ microscope, folders, chosen, set }: MoviesProps) {
  const movies = moviesOf(chosen, folders, microscope);
  return (
    <Panel title="2  Where are its movies?" note="those that come later are taken, too">
      <Radio.Group
        aria-label="Where are its movies?"
        value={movies}
        onChange={(value) => set({ movies: value })}
      >
        <div className={styles.choices}>
          {folders.map((one) => (
            <Radio
              key={one.path}
              value={one.path}
              label={<span className={styles.path}>{lastOf(one.path)}</span>}
              description={
                <>
                  changed <Age time={one.changed} />
                </>
              }
            />
          ))}
          {microscope.movies !== null && (
            <Radio
              value={ALL}
              label="All that the microscope writes"
              description={<span className={styles.path}>{microscope.movies}</span>}
            />
          )}
          <Radio value={OTHER} label="Another folder" />
        </div>
      </Radio.Group>
      {movies === OTHER && (
        <FolderField
          label="Folder of its movies"
          description="Or a pattern, such as /data/grid3/**/*_fractions.tiff."
          value={chosen.folder}
          onChange={(folder) => set({ folder })}
          verb="Take the movies of this folder"
        />
      )}
    </Panel>
  );
}

const lastOf = (path: string): string => path.split("/").filter(Boolean).at(-1) ?? path;
