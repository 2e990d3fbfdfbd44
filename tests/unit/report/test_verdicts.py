"""The three answers at the head of the page."""

from pathlib import Path
from typing import Any

import pytest

from icestream.model import Taken
from icestream.report.follow import Follower
from icestream.report.rates import rates
from icestream.report.verdicts import RECENT, recent_values, verdicts
from icestream.store.events import SessionStateChanged
from icestream.store.records import AlertRecord
from icestream.store.writing import Writes
from report_session import SampleSession

MOVIES = Taken("movie", "movies")


def read(session: SampleSession) -> Follower:
    follower = Follower(session.store)
    follower.read()
    return follower


def answers(
    session: SampleSession, *alerts: AlertRecord, later: float = 10.0, taken: Taken = MOVIES
) -> dict[str, dict[str, Any]]:
    """By what they are about, as of some seconds after the last that happened."""
    follower = read(session)
    finished = session.store is not None and follower.session.state in ("done", "stopped")
    told = rates(session.store, follower.minutes, session.now + later, finished=finished)
    return {each["about"]: each for each in verdicts(follower, alerts, told, taken)}


def alert(key: str, level: str = "warning") -> AlertRecord:
    return AlertRecord(
        id=1, step="m", branch="main", key=key, level=level, message="", exposure="", raised=1.0,
        cleared=None, acknowledged=None, acknowledged_by="",
    )  # fmt: skip


def judged(session: SampleSession, states: str, reason: str = "") -> Follower:
    """Exposures in these states: a, r, f, p."""
    session.grow(len(states), settle=True)
    follower = read(session)
    for order, state in enumerate(states):
        follower.table.judge(order, state, [reason] if state == "r" else [])
    return follower


@pytest.fixture
def session(tmp_path: Path) -> SampleSession:
    return SampleSession(tmp_path / "s", start=1.79e9, documents=False)


def test_a_session_that_is_started_again_is_not_quiet_for_the_time_before(
    session: SampleSession,
) -> None:
    session.grow(20)
    last = session.now
    assert answers(session, later=3600.0)["Microscope"]["word"] == "Quiet"
    session.now = last + 3600.0
    with session.store.write() as connection:
        writes = Writes(session.numbers, session.now)
        writes.event(SessionStateChanged(state="running"))
        writes.flush(connection)
    assert answers(session, later=30.0)["Microscope"]["word"] == "Delivering"
    assert answers(session, later=600.0)["Microscope"]["word"] == "Quiet"


def test_before_the_first_movie_nothing_is_known(session: SampleSession) -> None:
    found = answers(session)
    assert [each["state"] for each in found.values()] == ["unknown"] * 3
    assert found["Microscope"]["word"] == "Waiting"
    called = answers(session, taken=Taken("micrograph", "micrographs"))
    assert called["Microscope"]["why"] == "no micrograph has come yet"


def test_a_microscope_that_delivers_and_data_that_are_good(session: SampleSession) -> None:
    session.grow(60)
    found = answers(session)
    assert found["Microscope"]["word"] == "Delivering"
    assert found["Microscope"]["why"].endswith("movies an hour")
    assert found["Data"]["state"] == "good"
    assert f"of the last {RECENT} accepted" in found["Data"]["why"]
    assert found["Processing"]["word"] == "Up to date"


def test_a_silence_is_seen_and_an_alert_on_it_is_worse(session: SampleSession) -> None:
    session.grow(60)
    assert answers(session, later=60.0)["Microscope"]["state"] == "good"
    quiet = answers(session, later=900.0)["Microscope"]
    assert (quiet["state"], quiet["word"]) == ("watch", "Quiet")
    silent = answers(session, alert("arrivals.silent"), later=900.0)["Microscope"]
    assert (silent["state"], silent["word"]) == ("bad", "No movies come")


@pytest.mark.parametrize(
    ("states", "state", "word"),
    [
        ("a" * 10, "good", "Good"),
        ("aaaaaaarrr", "watch", "Mixed"),
        ("aarrrrrrrr", "bad", "Poor"),
        ("ar", "unknown", "Too few to tell"),
        ("ffffffffff", "bad", "Poor"),
    ],
)
def test_the_share_of_accepted_exposures_decides(
    session: SampleSession, states: str, state: str, word: str
) -> None:
    follower = judged(session, states, "select: Ice ring 1.4 is above the limit of 1")
    told = rates(session.store, follower.minutes, session.now, finished=False)
    data = verdicts(follower, [], told, MOVIES)[1]
    assert (data["state"], data["word"]) == (state, word)
    assert data["why"].startswith(f"{states.count('a')} of {len(states)}")


def test_the_reason_that_most_have_is_named_without_their_values(session: SampleSession) -> None:
    follower = judged(session, "rrra")
    for order, value in enumerate((9.1, 8.73, 12)):
        text = f"select: CTF fit resolution {value} Å is above the limit of 8 Å"
        text += " (raised from 6 Å: pixels of 2.7 Å are coarse)" if order else ""
        follower.table.judge(order, "r", [text])
    told = rates(session.store, follower.minutes, session.now, finished=False)
    data = verdicts(follower, [], told, MOVIES)[1]
    assert data["why"] == "1 of 4 accepted; rejected: CTF fit resolution above 8 Å"


def test_a_warning_of_what_is_measured_is_to_be_looked_at(session: SampleSession) -> None:
    session.grow(60)
    warned = answers(session, alert("ctf.astigmatism.high"))["Data"]
    assert (warned["state"], warned["word"]) == ("watch", "Look at the alert")
    for other in (alert("machine.disk"), alert("picks.teach", "notice")):
        assert answers(session, other)["Data"]["state"] == "good"


def test_failures_and_what_waits_are_said_of_the_processing(session: SampleSession) -> None:
    session.grow(30, settle=False)
    assert answers(session)["Processing"]["why"].startswith("3 movies in progress")
    follower = judged(session, "f" * 30)
    told = rates(session.store, follower.minutes, session.now, finished=False)
    assert verdicts(follower, [], told, MOVIES)[2]["word"] == "Failures"


@pytest.mark.parametrize(
    ("said", "state", "word", "why"),
    [
        ({"outlook": "catching up", "words": "at 02:00"}, "good", "Catching up", "at 02:00"),
        (
            {"outlook": "catching up", "words": "at 09:00", "slow": 0.1},
            "watch", "Too slow", "at 09:00",
        ),
        ({"outlook": "level", "words": "as far"}, "watch", "Behind", "as far"),
        (
            {"outlook": "falling behind", "slow": 0.123, "helps": [
                {"kind": "others", "enough": False, "cores": 1},
                {"kind": "later", "enough": True, "steps": ("classify", "volume")},
            ]},
            "watch", "Falling behind", "12 % too slow; pausing classify and volume would help",
        ),
        (
            {"outlook": "falling behind", "slow": 0.123, "helps": [
                {"kind": "cores", "enough": True, "cores": 3},
            ]},
            "watch", "Falling behind", "12 % too slow; 3 cores more would keep up",
        ),
        ({"outlook": "unknown"}, "good", "Keeping up", "3 movies in progress"),
    ],
)  # fmt: skip
def test_the_forecast_is_the_answer_of_the_processing(
    session: SampleSession, said: dict[str, Any], state: str, word: str, why: str
) -> None:
    session.grow(30, settle=False)
    follower = read(session)
    told = rates(session.store, follower.minutes, session.now, finished=False)
    told["forecast"] = {"slow": None, "helps": [], "words": "", **said}
    answer = verdicts(follower, [], told, MOVIES)[2]
    assert (answer["state"], answer["word"], answer["why"]) == (state, word, why)


def test_a_session_that_has_ended_says_so(session: SampleSession) -> None:
    session.grow(20)
    session.finish()
    found = answers(session)
    assert found["Microscope"] == {
        "about": "Microscope", "state": "ended", "word": "Session finished",
        "why": "20 movies found",
    }  # fmt: skip
    assert found["Processing"]["word"] == "All processed"


def test_recent_values_are_those_that_were_measured(session: SampleSession) -> None:
    session.grow(70)
    values = recent_values(read(session), "motion.total")
    assert 40 < len(values) <= RECENT
    assert recent_values(read(session), "no.such") == []
