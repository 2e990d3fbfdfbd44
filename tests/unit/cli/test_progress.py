"""Progress for people."""

import io
import time
from pathlib import Path

import pytest
from rich.console import Console

from icestream.cli.progress import Standing, Watcher, read_standing
from report_session import SampleSession


def _text(terminal: bool) -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    return Console(file=stream, force_terminal=terminal, width=100), stream


@pytest.fixture
def session(tmp_path: Path) -> SampleSession:
    """Eight exposures, some still going."""
    sample = SampleSession(tmp_path / "session", start=1.7e9)
    sample.grow(8, settle=False)
    return sample


def test_where_a_session_stands(session: SampleSession) -> None:
    before = read_standing(session.store)
    assert before.found == 8
    assert 0 < before.behind < 8
    assert [name for name, *_ in before.steps] == ["align", "ctf", "select", "pick", "extract"]
    session.settle()
    after = read_standing(session.store)
    assert after.behind == 0
    assert {name: ended for name, ended, _ in after.steps}["align"] == 8
    assert after.particles > before.particles


def test_the_line_names_what_matters() -> None:
    standing = Standing(
        found=3,
        behind=1,
        rejected=1,
        failed=0,
        steps=(("align", 2, 0),),
        particles=40,
        snapshots=2,
        alerts=(("warning", "hot"),),
        state="running",
        reason="",
    )
    assert standing.line() == (
        "found 3  align 2  particles 40  class updates 2  behind by 1  rejected 1  alerts 1"
    )


@pytest.mark.parametrize("terminal", [True, False])
def test_it_follows_a_session_that_begins_later(tmp_path: Path, terminal: bool) -> None:
    console, stream = _text(terminal)
    with Watcher(tmp_path / "session", console, every=0.05):
        session = SampleSession(tmp_path / "session", start=1.7e9)
        session.grow(4)
    printed = stream.getvalue()
    assert "found" in printed
    assert "behind by 0" in printed
    assert "extract" in printed


def test_lines_are_printed_only_when_something_changed(session: SampleSession) -> None:
    console, stream = _text(terminal=False)
    watcher = Watcher(session.folder, console)
    watcher._every = 0.02
    with watcher:
        time.sleep(0.3)
    assert stream.getvalue().count("found 8") == 1
