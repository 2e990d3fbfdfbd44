"""`icestream report`."""

import subprocess
import time
from pathlib import Path

import pytest

from icestream.cli import report as module
from icestream.cli.report import kept_up_to_date, report
from icestream.store.open import NoStore
from report_session import SampleSession
from toy_session import wait_for


@pytest.fixture
def session(tmp_path: Path) -> SampleSession:
    """Four exposures."""
    sample = SampleSession(tmp_path / "session", start=1.7e9)
    sample.grow(4)
    return sample


def test_once(session: SampleSession, capsys: pytest.CaptureFixture[str]) -> None:
    report(session.folder)
    page = session.folder / "report" / "index.html"
    assert capsys.readouterr().out.strip() == str(page)
    assert "<html" in page.read_text()


def test_into_another_folder(session: SampleSession, tmp_path: Path) -> None:
    report(session.folder, out=tmp_path / "pages")
    assert (tmp_path / "pages" / "index.html").exists()


def test_a_folder_without_a_session(tmp_path: Path) -> None:
    with pytest.raises(NoStore):
        report(tmp_path, follow=True)


def test_it_is_kept_up_to_date_and_ends_with_the_block(
    session: SampleSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process is there during the block, writes what came last, and is gone after it."""
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def remember(*arguments: object, **options: object) -> "subprocess.Popen[bytes]":
        started.append(popen(*arguments, **options))  # type: ignore[call-overload]
        return started[-1]

    monkeypatch.setattr(module.subprocess, "Popen", remember)
    live = session.folder / "report" / "live.js"
    with kept_up_to_date(session.folder):
        deadline = time.monotonic() + 60
        while not live.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        first = live.read_text()
        session.grow(3)
    assert started[0].returncode == 0, (session.folder / "logs" / "report.log").read_text()
    assert live.read_text() != first
    assert '"found":7' in live.read_text().replace(" ", "")


def test_it_waits_for_a_session_that_begins_later(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    folder.mkdir()
    with kept_up_to_date(folder):
        SampleSession(folder, start=1.7e9).grow(2)
    assert (folder / "report" / "index.html").exists()


def test_a_process_that_dies_is_started_again(
    session: SampleSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def remember(*arguments: object, **options: object) -> "subprocess.Popen[bytes]":
        started.append(popen(*arguments, **options))  # type: ignore[call-overload]
        return started[-1]

    monkeypatch.setattr(module.subprocess, "Popen", remember)
    monkeypatch.setattr(module, "_FIRST", 0.01)
    live = session.folder / "report" / "live.js"
    with kept_up_to_date(session.folder):
        wait_for(lambda: len(started) == 1)
        started[0].kill()
        wait_for(lambda: len(started) == 2 and live.exists())
        session.grow(3)
    assert '"found":7' in live.read_text().replace(" ", "")


def test_a_report_that_cannot_be_written_ends_nothing_and_is_named(
    session: SampleSession, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(module.subprocess, "Popen", failing)
    with kept_up_to_date(session.folder):
        pass
    said = capsys.readouterr().err
    assert f"the report is not up to date, see {session.folder}/logs/report.log" in said
    assert f"icestream report {session.folder} writes it" in said
