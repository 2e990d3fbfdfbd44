"""`icestream alerts`, `acknowledge`, `mute`, `rearm`."""

import json
import time
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from icestream.cli import alert_commands as commands
from icestream.cli.alert_commands import (
    BadTime,
    acknowledge,
    alerts,
    mute,
    rearm,
    seconds_of,
)
from icestream.cli.control import ask
from icestream.engine.requests.models import Acknowledge, Mute, Rearm
from icestream.store import tables as t
from report_session import SampleSession


@pytest.fixture
def session(tmp_path: Path) -> SampleSession:
    sample = SampleSession(tmp_path / "session", start=1.7e9, documents=False)
    sample.grow(1)
    sample.warn("warning", "drift", "")
    sample.warn("critical", "stopped", "")
    with sample.store.write() as connection:
        first = select(t.alert.c.id).where(t.alert.c.message == "drift").scalar_subquery()
        connection.execute(t.alert.update().where(t.alert.c.id == first).values(cleared=1.7e9))
        seen = {"acknowledged": 1.7e9, "acknowledged_by": "ann", "acknowledged_why": "I look"}
        stopped = t.alert.c.message == "stopped"
        connection.execute(t.alert.update().where(stopped).values(key="hot", **seen))
        row = {"since": 0.0, "who": "bob", "why": "known", "ended_by": "", "step_id": None}
        until = time.time() + 60
        connection.execute(insert(t.mute).values(id=1, key="hot", until=until, **row))
    return sample


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    said: list[object] = []
    monkeypatch.setattr(commands, "ask", lambda _, request: said.append(request) or 0)
    return said


def test_what_holds_is_listed_with_its_number_and_who_takes_care(
    session: SampleSession, capsys: pytest.CaptureFixture[str]
) -> None:
    alerts(session.folder)
    said = capsys.readouterr().out
    assert "2 critical: stopped\n  hot" in said
    assert "  acknowledged by ann at 2023-" in said
    assert ": I look\n" in said
    assert "  muted until 2" in said
    assert " by bob: known\n" in said
    assert "drift" not in said
    alerts(session.folder, past=True)
    said = capsys.readouterr().out
    assert "1 warning: drift" in said
    assert ", over since 2023-" in said


def test_the_same_for_programs(session: SampleSession, capsys: pytest.CaptureFixture[str]) -> None:
    alerts(session.folder, json=True)
    (one,) = json.loads(capsys.readouterr().out)
    assert (one["id"], one["acknowledged_by"], one["muted_by"]) == (2, "ann", "bob")


def test_that_there_is_none_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    quiet = SampleSession(tmp_path / "quiet", start=1.7e9, documents=False)
    alerts(quiet.folder)
    alerts(quiet.folder, past=True)
    assert capsys.readouterr().out == "no alert holds now\nthere was no alert\n"


def test_each_number_is_acknowledged(session: SampleSession, asked: list[object]) -> None:
    assert acknowledge(session.folder, 2, 1, why="known") == 0
    assert asked == [Acknowledge(alert=2, why="known"), Acknowledge(alert=1, why="known")]


def test_no_number_is_asked_for(
    session: SampleSession, asked: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    assert acknowledge(session.folder) == 1
    assert f"alerts {session.folder} lists them" in capsys.readouterr().out
    assert asked == []


def test_a_kind_is_muted_by_number_or_key(session: SampleSession, asked: list[object]) -> None:
    before = time.time()
    mute(session.folder, "2", length="2h", why="known")
    mute(session.folder, "ctf.astigmatism.high", length="30min")
    first, second = asked
    assert isinstance(first, Mute)
    assert isinstance(second, Mute)
    assert (first.alert, first.key, first.why) == (2, None, "known")
    assert (second.alert, second.key) == (None, "ctf.astigmatism.high")
    assert before + 7200 <= first.until <= time.time() + 7200


def test_both_are_taken_back(session: SampleSession, asked: list[object]) -> None:
    rearm(session.folder, "2")
    rearm(session.folder, "hot", why="again")
    assert asked == [Rearm(alert=2), Rearm(key="hot", why="again")]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30min", 1800), ("45m", 2700), ("2h", 7200), ("1.5h", 5400), ("1d", 86400)],
)
def test_lengths_of_time(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "2", "h", "2 weeks", "-1h", "0h"])
def test_what_is_no_length_of_time_is_said(text: str) -> None:
    with pytest.raises(BadTime, match="is no time such as 90s, 30min, 2h or 1d"):
        seconds_of(text)


def test_what_was_asked_is_in_the_history(session: SampleSession) -> None:
    from icestream.store.history import decided_words, history

    ask(session.folder, Mute(key="hot", until=1.8e9, who="ann", why="known"))
    ask(session.folder, Rearm(alert=2, who="ann"))
    ask(session.folder, Acknowledge(alert=2, who="ann", why="I look"))
    words = [(decided_words(one), one.why) for one in history(session.store)]
    assert words[-3][0].startswith("mute hot until 2027-01-")
    assert words[-3][1] == "known"
    assert words[-2][0].startswith("rearm alert 2 (waits")
    assert words[-1] == ("acknowledge alert 2 (waits to be carried out)", "I look")


def test_to_whom_it_was_sent_is_listed(
    session: SampleSession, capsys: pytest.CaptureFixture[str]
) -> None:
    with session.store.write() as connection:
        row = {"alert_id": 2, "level": "critical", "queued": 1.7e9, "due": 1.7e9}
        for number, channel, over, state, tries, ended, answer in (
            (1, "staff", False, "sent", 1, 1.7e9, "250 OK"),
            (2, "room", False, "waiting", 0, None, ""),
            (3, "page", False, "waiting", 2, None, "page: it ended with status 1"),
            (4, "boss", True, "given up", 30, 1.7e9, "connection refused"),
        ):
            what = {"channel": channel, "over": over, "state": state, "tries": tries}
            more = {"ended": ended, "answer": answer}
            connection.execute(insert(t.delivery).values(id=number, **row, **what, **more))
    alerts(session.folder)
    said = capsys.readouterr().out
    assert "  sent over staff at 2023-11-1" in said
    assert "  waits for room\n" in said
    assert "  waits for page, tried 2 times, again at 2023-11-1" in said
    assert ": page: it ended with status 1\n" in said
    assert "  its end not sent over boss: connection refused\n" in said
    alerts(session.folder, json=True)
    (one,) = json.loads(capsys.readouterr().out)
    assert [sent["channel"] for sent in one["deliveries"]] == ["staff", "room", "page", "boss"]
