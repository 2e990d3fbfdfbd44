"""`icestream accept` and `reject`."""

from pathlib import Path
from typing import Any

import pytest

from icestream.cli import decide
from icestream.engine.requests.models import Accept, Reject
from icestream.store import queries
from report_session import SampleSession


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    sent: list[Any] = []
    monkeypatch.setattr(decide, "ask", lambda *words: sent.append(words) or 0)
    return sent


@pytest.fixture
def session(tmp_path: Path) -> SampleSession:
    sample = SampleSession(tmp_path / "session", start=1.7e9, documents=False)
    sample.grow(8)
    return sample


def names(session: SampleSession) -> tuple[str, ...]:
    return tuple(exposure.name for exposure in queries.exposures(session.store))


@pytest.mark.parametrize("verb", ["accept", "reject"])
def test_exposures_and_the_reason_are_sent(
    session: SampleSession, verb: str, asked: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    two = names(session)[:2]
    assert getattr(decide, verb)(session.folder, *two, why="ice") == 0
    request = {"accept": Accept, "reject": Reject}[verb](exposures=two, why="ice")
    assert asked == [(session.folder, request)]
    assert capsys.readouterr().out == ""


def test_the_step_at_which_a_word_holds_is_sent(session: SampleSession, asked: list[Any]) -> None:
    (one,) = names(session)[:1]
    assert decide.accept(session.folder, one, step="few") == 0
    ((_, request),) = asked
    assert request.step == "few"


def test_what_is_understood_is_said(
    session: SampleSession, asked: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert decide.reject(session.folder, "2-8") == 0
    ((_, request),) = asked
    assert request.exposures == names(session)[1:8]
    assert capsys.readouterr().out == f"7 exposures: {', '.join(names(session)[1:6])} and 2 more\n"


def test_what_is_not_understood_is_said_and_nothing_is_asked(
    session: SampleSession, asked: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert decide.reject(session.folder, "9", "nobody") == 1
    assert asked == []
    said = capsys.readouterr().out
    assert "no exposure 9 in this session: they are numbered from 1 to 8" in said
    assert "no exposure 'nobody'" in said
