"""Figures are kept in the registry, and drift is told to staff once."""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from icestream.facility.memory.kinds import MemorySection
from icestream.facility.memory.remember import memory_of, remember_sessions, tell_drift
from icestream.facility.opened import Facility
from icestream.facility.registry import figures as rows
from icestream.facility.registry.microscopes import add_occasion, keep_microscopes
from icestream.facility.registry.people import keep_project
from icestream.facility.registry.sessions import Whose, change_session, keep_session, session
from icestream.store import tables as t
from report_session import SampleSession
from simulated_histories import remember_history

WORSE = {"astigmatism": (23, 3.0)}


def said(facility: Facility) -> list[str]:
    log = facility.path.parent / "staff.log"
    lines = log.read_text().splitlines() if log.is_file() else []
    return [json.loads(line)["text"] for line in lines]


@pytest.fixture
def sample(facility: Facility, tmp_path: Path) -> Iterator[SampleSession]:
    folder = tmp_path / "sessions" / "p-1" / "processing"
    folder.parent.mkdir(parents=True)
    made = SampleSession(folder, start=time.time() - 900.0, documents=False)
    made.grow(50)
    with facility.registry.write() as connection:
        keep_session(
            connection, "k1", Whose(microscope="krios1", detector="K3"),
            name="p-1", place=str(folder.parent), folder=str(folder), began=made.now,
            state="running",
        )  # fmt: skip
    with closing(made.store):
        yield made


def end(sample: SampleSession) -> None:
    with sample.store.write() as connection:
        connection.execute(t.session.update().values(state="done"))


def figures(facility: Facility) -> dict[str, int]:
    with facility.registry.read() as connection:
        number = session(connection, "p-1").id
        return {name: one.count for name, one in rows.figures(connection).get(number, {}).items()}


def test_a_session_is_measured_while_it_runs_and_once_after(
    facility: Facility, sample: SampleSession
) -> None:
    assert remember_sessions(facility) == (1, {})
    assert figures(facility)["resolution"] == 49  # one failed
    sample.grow(20)
    assert remember_sessions(facility) == (1, {})
    assert figures(facility)["resolution"] == 69
    end(sample)
    with facility.registry.write() as connection:
        number = session(connection, "p-1").id
        change_session(connection, number, state="done", ended=time.time())
    assert remember_sessions(facility) == (1, {})
    assert remember_sessions(facility) == (0, {})
    assert remember_sessions(facility, again=True) == (1, {})
    with facility.registry.write() as connection:
        change_session(connection, number, ended=time.time() + 60.0)  # it went on
    assert remember_sessions(facility)[0] == 1


def test_what_cannot_be_read_is_named_and_keeps_its_figures(
    facility: Facility, sample: SampleSession
) -> None:
    remember_sessions(facility)
    shutil.rmtree(sample.folder)
    count, unread = remember_sessions(facility)
    assert count == 0
    assert "holds no icestream session" in unread["p-1"]
    assert figures(facility)["resolution"] == 49
    with facility.registry.write() as connection:
        change_session(connection, session(connection, "p-1").id, state="gone")
    assert remember_sessions(facility) == (0, {})


def test_staff_are_told_once_and_when_it_is_over(facility: Facility) -> None:
    assert memory_of(facility) == MemorySection()
    remember_history(facility.registry, "krios1", 28, worse=WORSE)
    (found,) = tell_drift(facility)
    assert found.figure == "astigmatism"
    (text,) = said(facility)
    assert "krios1: Astigmatism has been worse than usual" in text
    assert "session krios1-28" in text
    assert "icestream facility occasion krios1" in text
    assert len(tell_drift(facility)) == 1
    assert len(said(facility)) == 1
    with facility.registry.write() as connection:
        add_occasion(connection, "krios1", "realignment", "stigmators", who="ann")
    assert tell_drift(facility) == ()
    assert len(said(facility)) == 2
    assert "over since" in said(facility)[1]
    tell_drift(facility)
    assert len(said(facility)) == 2


def test_who_could_not_be_reached_is_told_later(facility: Facility) -> None:
    remember_history(facility.registry, "krios1", 28, worse=WORSE)
    blocked = facility.path.parent / "staff.log"
    blocked.mkdir()
    assert len(tell_drift(facility)) == 1
    blocked.rmdir()
    tell_drift(facility)
    tell_drift(facility)
    assert len(said(facility)) == 1


def test_nothing_drifts_at_a_microscope_that_is_retired(facility: Facility) -> None:
    remember_history(facility.registry, "krios1", 28, worse=WORSE)
    assert len(tell_drift(facility)) == 1
    with facility.registry.write() as connection:
        keep_microscopes(connection, {"glacios": ("", "")})
    assert tell_drift(facility) == ()
    assert "over since" in said(facility)[1]


def test_a_confidential_session_is_not_named(facility: Facility) -> None:
    remember_history(facility.registry, "krios1", 28, worse=WORSE)
    with facility.registry.write() as connection:
        for number in range(3):
            keep_project(connection, f"p{number}", confidential=True)
    tell_drift(facility)
    (text,) = said(facility)
    assert "a confidential session" in text
    assert "krios1-28" not in text
