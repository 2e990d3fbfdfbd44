"""How sessions stand is followed; one whose process was lost goes on by itself."""

import os
import shutil
import signal
import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from icestream.engine.machine.lock import hold, holder
from icestream.engine.requests.models import Abort, Stop
from icestream.engine.requests.send import send
from icestream.facility.begin import following
from icestream.facility.begin.begin import WantedSession, begin_session
from icestream.facility.begin.card import Card
from icestream.facility.begin.following import (
    SessionsFollowed,
    follow_sessions,
    session_duties,
)
from icestream.facility.opened import Facility
from icestream.facility.registry.records import KnownSession
from icestream.facility.registry.sessions import change_session, keep_session, session
from icestream.protocol import Registry
from icestream.starting.begin import NotStarted
from icestream.store import tables as t
from icestream.store.open import open_store
from icestream.store.pace import found_times
from report_session import SampleSession
from toy_session import wait_for


def begin(facility: Facility, *, start: bool) -> Card:
    wanted = WantedSession(microscope="krios1", workflow="quick-look", start=start)
    return begin_session(facility, Registry(), wanted).card


def known(facility: Facility, card: Card) -> KnownSession:
    with facility.registry.read() as connection:
        return session(connection, card.key)


def follow(facility: Facility) -> str:
    return follow_sessions(facility, threading.Event())


def test_a_session_that_is_killed_goes_on_and_one_that_is_stopped_does_not(
    facility: Facility,
) -> None:
    card = begin(facility, start=True)
    folder = Path(card.folder)
    try:
        assert follow(facility) == "1 running"
        os.kill(int(holder(folder).split()[1]), signal.SIGKILL)
        wait_for(lambda: not holder(folder))
        assert follow(facility) == "1 running, 1 started again"
        assert holder(folder)
        found = known(facility, card)
        assert (found.state, found.revivals) == ("running", 1)
        send(folder, Stop(why="enough"))
        wait_for(lambda: not holder(folder))
        assert follow(facility) == "none runs"
        found = known(facility, card)
        assert (found.state, found.exposures) == ("stopped", 0)
        assert found.ended is not None
    finally:
        if holder(folder):
            send(folder, Abort())


def test_one_that_was_never_started_stays_new(facility: Facility) -> None:
    card = begin(facility, start=False)
    assert follow(facility) == "none runs"
    assert known(facility, card).state == "new"


def test_one_that_ends_again_and_again_is_given_up_and_named(
    facility: Facility, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = begin(facility, start=False)
    tried: list[float] = []

    def broken(*words: object, **named: object) -> None:
        tried.append(time.time())
        raise NotStarted("no memory")

    monkeypatch.setattr(following, "_values", lambda one: {"state": "lost"})
    monkeypatch.setattr(following, "go_on", broken)
    assert follow(facility) == f"none runs; {card.session} (no memory)"
    assert follow(facility) == "none runs"  # not at once again
    assert len(tried) == 1
    for _ in range(6):
        with facility.registry.write() as connection:
            change_session(connection, known(facility, card).id, revived=0.0)
        follow(facility)
    assert len(tried) == 5
    assert "ended 5 times in a row: icestream session start" in known(facility, card).reason
    assert known(facility, card).state == "failed"


def test_a_disk_that_is_away_is_no_news_and_a_folder_that_is_gone_is(facility: Facility) -> None:
    card = begin(facility, start=False)
    place = Path(card.place)
    away = place.with_name("away")
    place.rename(away)
    assert follow(facility) == "none runs"
    assert known(facility, card).state == "new"
    away.rename(place)
    shutil.rmtree(card.folder)
    follow(facility)
    assert known(facility, card).state == "gone"


def test_a_facility_without_microscopes_follows_none(facility: Facility) -> None:
    assert [duty.name for duty in session_duties(facility.file)] == ["sessions"]
    none = facility.file.model_copy(update={"microscopes": {}})
    assert list(session_duties(none)) == []


def test_one_that_does_well_is_tried_anew_when_it_ends_later(facility: Facility) -> None:
    card = begin(facility, start=False)
    one = replace(known(facility, card), revivals=2, revived=time.time() - 1000.0)
    assert following._did_well(one)
    assert not following._did_well(replace(one, revived=time.time()))


def test_when_its_last_movie_was_found_is_known(facility: Facility, tmp_path: Path) -> None:
    sample = SampleSession(tmp_path / "s", start=time.time() - 900.0, documents=False)
    sample.grow(3)
    with sample.store.write() as connection:
        connection.execute(update(t.session).values(state="done", epoch=2))
    (last,) = found_times(sample.store, limit=1)
    sample.store.close()
    with facility.registry.write() as connection:
        keep_session(
            connection, "k", name="s", place=str(tmp_path), folder=str(tmp_path / "s"),
            began=1.0, state="running",
        )  # fmt: skip
    follow(facility)
    with facility.registry.read() as connection:
        found = session(connection, "s")
    assert (found.state, found.taken) == ("done", last)


def test_one_that_somebody_else_has_for_a_moment_stays_ended(facility: Facility) -> None:
    card = begin(facility, start=False)
    with facility.registry.write() as connection:
        change_session(connection, known(facility, card).id, state="stopped", ended=50.0)
    with hold(Path(card.folder)):
        follow(facility)
        assert known(facility, card).ended == 50.0


def test_one_that_was_lost_and_that_a_person_ended_is_not_begun_again(facility: Facility) -> None:
    card = begin(facility, start=False)
    with closing(open_store(Path(card.folder))) as store, store.write() as connection:
        connection.execute(update(t.session).values(state="running", epoch=2))
    with facility.registry.write() as connection:
        change_session(
            connection, known(facility, card).id, state="stopped", ended=time.time() + 1.0
        )
    assert follow(facility) == "none runs"
    assert known(facility, card).state == "stopped"


def test_one_that_a_first_process_ended_is_not_started_again(
    facility: Facility, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As those that messages begin, and that nobody made before."""

    def started(*_: object, **__: object) -> None:
        raise AssertionError("it is started again")

    monkeypatch.setattr(following, "go_on", started)
    card = begin(facility, start=False)
    with closing(open_store(Path(card.folder))) as store, store.write() as connection:
        connection.execute(t.session.update().values(state="stopped", reason="by lea: enough"))
    with facility.registry.write() as connection:
        change_session(connection, known(facility, card).id, state="running")
    assert follow(facility) == "none runs"
    found = known(facility, card)
    assert (found.state, found.reason, found.revivals) == ("stopped", "by lea: enough", 0)


def test_what_is_over_costs_nothing_until_there_is_news(
    facility: Facility, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = begin(facility, start=False)
    with facility.registry.write() as connection:
        change_session(connection, known(facility, card).id, state="stopped", ended=time.time())
    asked: list[str] = []
    values = following._values

    def counted(one: KnownSession) -> dict[str, object]:
        asked.append(one.name)
        return values(one)

    monkeypatch.setattr(following, "_values", counted)
    act, stop = SessionsFollowed().act, threading.Event()
    for _ in range(5):
        act(facility, stop)
    assert 1 <= len(asked) <= 3  # to ask leaves traces beside the store, and makes it look again
    before = len(asked)
    with closing(open_store(Path(card.folder))) as store, store.write() as connection:
        connection.execute(update(t.session).values(state="done", reason=""))
    act(facility, stop)
    assert len(asked) > before
    assert known(facility, card).state == "done"


def test_one_that_ended_long_ago_is_looked_at_once_in_a_while(
    facility: Facility, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = begin(facility, start=False)
    with facility.registry.write() as connection:
        change_session(connection, known(facility, card).id, state="stopped", ended=1.0)
    looked: list[Path] = []
    monkeypatch.setattr(following, "commit_mark", looked.append)
    act, stop = SessionsFollowed().act, threading.Event()
    for _ in range(3):
        act(facility, stop)
    before = len(looked)
    assert 1 <= before <= 4
    act(facility, stop)
    assert len(looked) == before
    monkeypatch.setattr(following, "_MINUTE", 0.0)
    act(facility, stop)
    assert len(looked) > before
