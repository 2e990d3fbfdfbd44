"""A session of many exposures with made-up measurements, for what is measured of reading it.

``python benchmarks/large_session.py FOLDER EXPOSURES`` makes one, without results and pictures.
"""

import sys
import time
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from icestream.store import tables as t
from icestream.store.writing import Writes
from report_session import SampleSession, Shot

__all__ = ["LargeSession", "make"]


class LargeSession(SampleSession):
    """Has twelve qualities of each exposure, and its task at each step."""

    def __init__(self, folder: Path, *, start: float) -> None:
        super().__init__(folder, start=start, name=folder.name, documents=False)
        with self.store.write() as connection:
            connection.execute(t.session.update().values(uid=uuid.uuid4().hex))

    def _settle_lightly(self, writes: Writes, exposure: int, shot: Shot) -> None:
        draw = self.random
        self._task(writes, "import", exposure, "done", result_id=0)
        measured = {
            "align": {
                "motion.total": shot.jump,
                "motion.early": 0.6 * shot.jump,
                "motion.late": 0.4 * shot.jump,
                "sum.correlation": 0.9 - 0.01 * shot.jump,
            },
            "ctf": {
                "ctf.defocus": shot.defocus,
                "ctf.defocus_error": abs(draw.normal(30, 8)),
                "ctf.astigmatism": shot.astigmatism,
                "ctf.angle": 180 * draw.random(),
                "ctf.resolution": shot.resolution,
                "ctf.score": 0.9 - 0.05 * draw.random(),
                "ctf.ice_ring": shot.ice,
            },
        }
        for step, values in measured.items():
            number = self.step_ids[step]
            self._task(writes, step, exposure, "done", result_id=0)
            for name, value in values.items():
                writes.insert(
                    t.quality, step_id=number, revision_id=number, subject_id=exposure,
                    result_id=0, name=name, value=value,
                )  # fmt: skip
        self._task(writes, "select", exposure, "done", result_id=0, passed=not shot.rejected)
        if not shot.rejected:
            number = self.step_ids["pick"]
            self._task(writes, "pick", exposure, "done", result_id=0)
            writes.insert(
                t.quality, step_id=number, revision_id=number, subject_id=exposure, result_id=0,
                name="picks.count", value=float(draw.poisson(300)),
            )  # fmt: skip
        self._end(writes, exposure, "rejected" if shot.rejected else "done", list(shot.rejected))


def make(folder: Path, count: int) -> None:
    """Make a session of `count` exposures in `folder`, unless it is there."""
    if (folder / "icestream.db").exists():
        return
    session = LargeSession(folder, start=time.time() - 12.0 * count)
    session.grow(count)
    session.finish()
    session.store.close()


if __name__ == "__main__":
    make(Path(sys.argv[1]), int(sys.argv[2]))
