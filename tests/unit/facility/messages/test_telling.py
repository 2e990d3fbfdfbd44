"""What happens in sessions is told: each thing once, and of confidential ones nothing."""

import shutil
import socket
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from icestream.facility.messages import telling
from icestream.facility.messages.following import FollowedSession
from icestream.facility.messages.intake import take_frames
from icestream.facility.messages.telling import SessionsTold
from icestream.store.events import AlertCleared, AlertRaised, EpochLeft, EpochStarted, Event
from icestream.store.open import open_store
from icestream.store.writing import Writes
from message_room import Room, entered, frame, room, section, start
from report_session import SampleSession

ZOCALO = {"zocalo": {"session_id": 7, "autoproc_program_id": 9, "dcg_id": 5}}


def _say(session: SampleSession, *events: Event) -> None:
    with session.store.write() as connection:
        writes = Writes(session.numbers, session.now)
        for event in events:
            writes.event(event, step_id=session.step_ids["ctf_monitor"])
        writes.flush(connection)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[SampleSession]:
    made = SampleSession(tmp_path / "S", start=1.79e9, documents=False)
    yield made
    made.store.close()


@pytest.fixture
def full(tmp_path: Path) -> Iterator[SampleSession]:
    """A session with the documents of its results."""
    made = SampleSession(tmp_path / "S", start=1.79e9)
    yield made
    made.store.close()


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Room]:
    made = room(tmp_path, section(tmp_path, results="all", zocalo={}))
    yield made
    made.ledger.close()


def _follow(made: Room, session: SampleSession, **about: Any) -> SessionsTold:
    made.ledger.following.follow(
        FollowedSession(folder=session.folder, name="S", inbox_id=None, about=about)
    )
    return SessionsTold(made.carrying.told)


def _kinds(made: Room, queue: str = "icestream.results") -> list[str]:
    return [one["kind"] for one in made.out(queue)]


def test_a_session_is_told_as_it_goes(made: Room, session: SampleSession) -> None:
    telling = _follow(made, session)
    _say(session, EpochStarted(epoch=1))
    session.grow(2)
    telling.look(0.0)
    kinds = _kinds(made)
    assert kinds[0] == "began"
    assert kinds.count("exposure") == 2
    told = next(one for one in made.out("icestream.results") if one["kind"] == "exposure")
    assert (told["session"], told["state"]) == ("S", "rejected")
    assert told["reasons"]
    assert told["values"]["ctf.resolution"] > 0
    _say(session, AlertRaised(alert=3, level="warning", message="drift"), AlertCleared(alert=3))
    session.finish()
    _say(session, EpochLeft(epoch=1, state="done"))
    telling.look(100.0)
    assert _kinds(made, "icestream.alerts") == ["alert", "alert over"]
    assert made.out("icestream.alerts")[0]["said"] == "drift"
    assert made.out("icestream.results")[-1]["said"] == "everything is done"


def test_killed_and_begun_again_it_tells_each_thing_once(
    made: Room, session: SampleSession
) -> None:
    telling = _follow(made, session)
    session.grow(1)
    telling.look(0.0)
    before = len(made.out("icestream.results"))
    session.grow(1)
    next_one = made.killed()
    SessionsTold(next_one.carrying.told).look(0.0)
    news = next_one.out("icestream.results")
    assert len(news) > before
    assert len({one["id"] for one in news}) == len(news)
    SessionsTold(next_one.carrying.told).look(0.0)
    assert len(next_one.out("icestream.results")) == len(news)
    next_one.ledger.close()


def test_the_end_of_a_process_that_was_killed_is_told(made: Room, session: SampleSession) -> None:
    from icestream.store import tables as t

    with session.store.write() as connection:
        connection.execute(t.session.update().values(holder=f"1@{socket.gethostname()}"))
    telling = _follow(made, session)
    telling.look(0.0)
    telling.look(100.0)
    (news,) = made.out("icestream.results")
    assert (news["kind"], news["state"]) == ("ended", "stopped")
    assert "no process runs it any more" in news["said"]


def test_results_are_told_to_zocalos_programs_in_their_words(
    made: Room, full: SampleSession
) -> None:
    telling = _follow(made, full, **ZOCALO)
    full.grow(1)
    full.classify()
    full.add_choice([True] * 24)
    _say(full, AlertRaised(alert=1, level="warning", message="bad"))
    telling.look(0.0)
    feedback = {one["register"]: one for one in made.out("murfey_feedback")}
    assert set(feedback) == {
        "motion_corrected", "done_incomplete_2d_batch", "done_class_selection",
    }  # fmt: skip
    moved = feedback["motion_corrected"]
    assert (moved["session_id"], moved["program_id"]) == (7, 9)
    assert moved["movie"].startswith("/data/")
    assert moved["mrc_out"].startswith(str(full.folder))
    assert made.out("pato_notification") == [{"groupId": 5, "message": "bad"}]
    results = [one for one in made.out("icestream.results") if one["kind"] == "result"]
    assert {"import", "classify", "keep"} <= {one["step"] for one in results}
    assert all(one["outputs"] for one in results if one["step"] == "import")


@pytest.mark.parametrize("confidential", ["nothing", "states"])
def test_of_confidential_sessions_no_more_is_told_than_the_file_allows(
    tmp_path: Path, session: SampleSession, confidential: str
) -> None:
    given = section(tmp_path, results="all", zocalo={}, confidential=confidential)
    made = room(tmp_path, given, entered(tmp_path, secret=lambda folder, project: True))
    telling = _follow(made, session, **ZOCALO)
    _say(session, EpochStarted(epoch=1))
    session.grow(1)
    _say(session, AlertRaised(alert=1, message="bad"), EpochLeft(epoch=1, state="done"))
    telling.look(0.0)
    told = made.ledger.outbox.unsent(1e12)
    if confidential == "nothing":
        assert told == []
    else:
        assert _kinds(made) == ["began", "ended"]
        assert str(session.folder) not in "".join(one.body for one in told)
    (followed,) = made.ledger.following.followed()
    assert followed.after > 0, "it was passed over, and is not told later"
    made.ledger.close()


def test_who_asked_hears_of_the_end_and_a_session_that_is_gone_is_left(made: Room) -> None:
    take_frames(made.carrying, [frame(start())])
    made.carrying.carry_out()
    telling = SessionsTold(made.carrying.told)
    telling.look(0.0)
    assert made.states() == ["accepted", "began", "ended"]
    assert made.out("icestream.answers")[2]["id"] == "id:start-night:ended.1"
    shutil.rmtree(made.sessions.root / "night")
    telling.look(1000.0)
    assert made.ledger.following.followed() == []


def test_a_session_that_is_over_is_not_opened_again_and_again(
    made: Room, session: SampleSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.finish()
    first = _follow(made, session)
    first.look(0.0)
    first.look(50.0)
    opened: list[object] = []
    real = telling.open_store

    def counted(*words: Any, **named: Any) -> Any:
        opened.append(words)
        return real(*words, **named)

    monkeypatch.setattr(telling, "open_store", counted)
    later = SessionsTold(made.carrying.told, first.watched)
    for moment in (100.0, 200.0):
        later.look(moment)
    assert opened == []
    _say(session, EpochStarted(epoch=2))
    later.look(300.0)
    assert opened and _kinds(made)[-1] == "began"


def test_a_store_that_was_restored_is_told_on_from_where_it_was(
    made: Room, session: SampleSession
) -> None:
    """Nothing of before is told again; what has numbers that were told before is not forgotten."""
    telling = _follow(made, session)
    _say(session, EpochStarted(epoch=1))
    session.grow(1)
    telling.look(0.0)
    session.store.close()
    before = len(made.out("icestream.results"))
    known = deepcopy({name: one for name, one in vars(session).items() if name != "store"})
    backup = session.folder.with_name("backup")
    shutil.copytree(session.folder, backup)

    session.store = open_store(session.folder)
    session.grow(2)
    _say(session, EpochLeft(epoch=1, state="stopped", reason="a person stopped it"))
    telling.look(100.0)
    session.store.close()
    told = made.out("icestream.results")
    assert told[-1]["kind"] == "ended"
    assert len(told) > before + 2
    later = session.now

    shutil.rmtree(session.folder)
    backup.rename(session.folder)
    vars(session).update(known)
    next_one = made.killed()
    telling = SessionsTold(next_one.carrying.told)
    telling.look(0.0)
    assert len(next_one.out("icestream.results")) == len(told), "nothing is told again"

    session.store = open_store(session.folder)
    session.now = later + 60.0
    session.grow(1)
    _say(session, EpochLeft(epoch=1, state="stopped", reason="once more"))
    telling.look(200.0)
    news = next_one.out("icestream.results")[len(told) :]
    assert sum(one["kind"] == "exposure" for one in news) == 1
    assert (news[-1]["kind"], news[-1]["said"]) == ("ended", "once more")
    every = [one["id"] for one in next_one.out("icestream.results")]
    assert len(set(every)) == len(every)
    telling.look(300.0)
    assert len(next_one.out("icestream.results")) == len(every)
    next_one.ledger.close()
