import { Button, Drawer } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import { sessionPath, useApi } from "@/api/queries";
import { exposureHref } from "@/screens/exposures/addresses";
import { Empty, Shown } from "@/ui";
import { number, plural, withUnit } from "@/units";
import type { ClassRow, MembersAnswer } from "./types";
import styles from "./classes.module.css";

interface MembersProps {
  id: string;
  branch: string;
  row: ClassRow;
  update: number;
  step: string;
  why: string;
  onClose: () => void;
}

const PAGE = 100;

/** One class: its average, what is known of it, and the particles in it. */
export function Members({ id, branch, row, update, step, why, onClose }: MembersProps) {
  const [limit, setLimit] = useState(PAGE);
  const query = useApi<MembersAnswer>(sessionPath(id, `/classes/${row.number}/members`), {
    step,
    at: update,
    limit,
    branch,
  });
  return (
    <Drawer opened onClose={onClose} position="right" size="lg" title={`Class ${row.number}`}>
      <div className={styles.one}>
        <img src={`${row.url}?size=256`} alt={`Average of class ${row.number}`} />
        <dl className={styles.facts}>
          <dt>Particles</dt>
          <dd>
            {number(row.particles)} ({number(100 * row.share, 1)} %)
          </dd>
          <dt>Resolution</dt>
          <dd>
            {row.resolution === null ? "cannot be told" : withUnit(number(row.resolution, 1), "Å")}
          </dd>
          <dt>Score</dt>
          <dd>{number(row.score, 2)} of 1</dd>
          {row.parent !== null && (
            <>
              <dt>Split from</dt>
              <dd>class {row.parent}</dd>
            </>
          )}
          <dt>Choice</dt>
          <dd>{why || "nobody has judged"}</dd>
        </dl>
      </div>
      <h3>Particles, the most likely first</h3>
      <Shown query={query} what="The particles">
        {(answer) => (
          <Sheet
            id={id}
            branch={branch}
            answer={answer}
            onMore={() => setLimit(Math.min(400, limit * 2))}
          />
        )}
      </Shown>
    </Drawer>
  );
}

interface SheetProps {
  id: string;
  branch: string;
  answer: MembersAnswer;
  onMore: () => void;
}

function Sheet({ id, branch, answer, onMore }: SheetProps) {
  const shown = answer.members.filter((member) => member.there);
  if (answer.members.length === 0) return <Empty title="No particle is in it" />;
  const { tile, columns } = answer;
  const rows = Math.ceil(shown.length / Math.max(1, columns));
  return (
    <>
      {answer.sprite ? (
        <div className={styles.members}>
          {shown.map((member, index) => {
            const [x, y] = [index % columns, Math.floor(index / columns)];
            return (
              <Link
                key={`${member.exposure} ${member.index}`}
                to={exposureHref(id, member.exposure, branch)}
                title={`${member.exposure}, particle ${member.index + 1}, likelihood ${number(member.likelihood, 3)}`}
                aria-label={`Particle ${member.index + 1} of ${member.exposure}`}
                className={styles.member}
                style={{
                  backgroundImage: `url("${answer.sprite ?? ""}")`,
                  backgroundSize: `${columns * 100}% ${rows * 100}%`,
                  backgroundPosition: `${columns > 1 ? (100 * x) / (columns - 1) : 0}% ${rows > 1 ? (100 * y) / (rows - 1) : 0}%`,
                  aspectRatio: `${tile} / ${tile}`,
                }}
              />
            );
          })}
        </div>
      ) : (
        <Empty title="The images of these particles are not kept" />
      )}
      <p className={styles.quiet}>
        {plural(shown.length, "particle")} of {number(answer.particles)}.{" "}
        {answer.members.length < answer.particles && answer.members.length < 400 && (
          <Button size="compact-xs" variant="subtle" onClick={onMore}>
            Show more
          </Button>
        )}
      </p>
    </>
  );
}
