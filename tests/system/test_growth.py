"""What grows with a session: counted by the instructions of SQLite, not by the clock."""

import io
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from growth import database_work
from icestream.cli.status import status
from icestream.store import tables as t
from icestream.store.corrections import corrections
from icestream.store.exposure_pages import (
    ExposureQuery,
    ExposureWindow,
    QualityRange,
    exposure_page,
)
from icestream.store.newest import newest_medians
from icestream.store.open import Store, open_store
from icestream.store.subjects import numbers_of
from icestream.store.writing import Writes
from report_session import SampleSession, Shot

SIZES = 600, 1200
"""More than the newest exposures that are looked at, wherever some are."""
NAMES = tuple(f"ctf.{name}" for name in ("defocus", "astigmatism", "resolution", "ice_ring"))


class CountedSession(SampleSession):
    """Has rows as a session has them: tasks and qualities of each step, and particles."""

    def _settle_lightly(self, writes: Writes, exposure: int, shot: Shot) -> None:
        for step in ("align", "ctf", "select", "pick", "extract"):
            result = 10 * exposure + self.step_ids[step]
            self._task(writes, step, exposure, "done", result_id=result)
        number = self.step_ids["ctf"]
        for place in range(12):
            name = NAMES[place] if place < len(NAMES) else f"ctf.other{place}"
            writes.insert(
                t.quality, step_id=number, revision_id=number, subject_id=exposure,
                result_id=0, name=name, value=shot.resolution,
            )  # fmt: skip
        number = self.step_ids["extract"]
        writes.insert(
            t.part, result_id=10 * exposure + number, step_id=number, revision_id=number,
            subject_id=exposure, rows=100, port="particles",
        )  # fmt: skip
        self._end(writes, exposure, "done", [])


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One session, when it had the fewer exposures, and when it had all of them."""
    root = tmp_path_factory.mktemp("growth")
    folders = [root / str(size) for size in SIZES]
    few, most = SIZES
    session = CountedSession(folders[1], start=time.time() - 12.0 * most, documents=False)
    session.grow(few)
    session.finish()
    folders[0].mkdir()
    with (
        closing(sqlite3.connect(folders[1] / "icestream.db")) as now,
        closing(sqlite3.connect(folders[0] / "icestream.db")) as kept,
    ):
        now.backup(kept)
    session.grow(most - few)
    session.finish()
    session.store.close()
    return folders


def instructions(folder: Path, ask: Callable[[Store], Any]) -> int:
    """Hundreds of instructions that an answer takes."""
    with closing(open_store(folder, readonly=True)) as store, database_work() as work:
        ask(store)
    return work.steps


def name_of(store: Store) -> str:
    with store.read() as connection:
        return str(connection.execute(t.subject.select().limit(1)).one().name)


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda store: numbers_of(store, [name_of(store)]), id="number"),
        pytest.param(lambda store: corrections(store, exposure=name_of(store)), id="corrections"),
        pytest.param(
            lambda store: exposure_page(
                store,
                ExposureQuery(ranges=(QualityRange(name="number", low=7, high=7),)),
                ExposureWindow(limit=10),
            ),
            id="page of a number",
        ),
        pytest.param(lambda store: newest_medians(store, NAMES), id="medians"),
    ],
)
def test_what_is_asked_of_a_few_does_not_grow(
    sessions: list[Path], ask: Callable[[Store], Any]
) -> None:
    small, large = (instructions(folder, ask) for folder in sessions)
    assert large <= 1.2 * small + 5


def test_where_a_session_stands_reads_little_of_each_exposure(sessions: list[Path]) -> None:
    def ask(folder: Path) -> int:
        with database_work() as work, redirect_stdout(io.StringIO()):
            status(folder)
        return 100 * work.steps

    small, large = (ask(folder) for folder in sessions)
    assert (large - small) / (SIZES[1] - SIZES[0]) < 220.0
