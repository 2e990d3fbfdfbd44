"""`icestream report`."""

import subprocess
import time
from pathlib import Path

import pytest

from icestream.cli import report as module
from icestream.cli.report import PublishingFailed, kept_up_to_date, publish_target, report
from icestream.facility.begin.card import Card, write_card
from icestream.report.upload import BadTarget
from icestream.store.open import NoStore
from icestream.store.published import published
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


def _uploader(folder: Path, *lines: str) -> Path:
    path = folder / "up.sh"
    path.write_text("#!/bin/sh\n" + "\n".join(lines) + "\n")
    path.chmod(0o755)
    return path


def test_a_report_is_published_once(
    session: SampleSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = tmp_path / "there"
    report(session.folder, publish=str(_uploader(tmp_path, f"cp -r . {there}")))
    assert (there / "index.html").exists()
    page, said = capsys.readouterr().out.splitlines()
    assert page == str(session.folder / "report" / "index.html")
    assert said.startswith("published to up.sh at ")


def test_a_report_that_cannot_be_published_is_an_error(
    session: SampleSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ONE_ROUND", 0.5)
    with pytest.raises(PublishingFailed, match="up.sh ended with status 7: no room"):
        report(session.folder, publish=str(_uploader(tmp_path, "echo no room", "exit 7")))
    assert (session.folder / "report" / "index.html").exists()


def test_a_running_session_publishes_and_tells_nobody_with_what(
    session: SampleSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[object, ...]] = []
    popen = subprocess.Popen

    def remember(*arguments: object, **options: object) -> "subprocess.Popen[bytes]":
        started.append(arguments)
        return popen(*arguments, **options)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(module.subprocess, "Popen", remember)
    there = tmp_path / "there"
    path = _uploader(tmp_path, f"rm -rf {there}; cp -r . {there}")
    with kept_up_to_date(session.folder, f"{path} --token s3cret"):
        wait_for((there / "live.js").exists)
        session.grow(3)
    assert '"found":7' in (there / "live.js").read_text().replace(" ", "")
    assert "s3cret" not in str(started)
    log = (session.folder / "logs" / "report.log").read_text()
    assert "published to up.sh" in log
    assert "s3cret" not in log
    state = published(session.folder)
    assert state is not None
    assert state.failing is None


def test_where_to_publish_is_given_or_set_and_can_be_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert publish_target(None, tmp_path) is None
    path = _uploader(tmp_path, "true")
    monkeypatch.setenv("ICESTREAM_REPORT_PUBLISH", f"{path} {{session}}")
    assert str(publish_target(None, tmp_path / "grid-2")) == "up.sh"
    target = publish_target(None, tmp_path / "grid-2")
    assert target is not None
    assert target.command[1] == "grid-2"
    assert publish_target("none", tmp_path) is None
    with pytest.raises(BadTarget):
        publish_target("no-such-program", tmp_path)


def test_a_session_that_ends_says_that_its_report_was_not_published(
    session: SampleSession,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = _uploader(tmp_path, "echo no route to host", "exit 7")
    monkeypatch.setenv("ICESTREAM_REPORT_PUBLISH", str(path))
    with kept_up_to_date(session.folder):
        wait_for(lambda: published(session.folder) is not None)
    said = capsys.readouterr().err
    assert "the report was written and not published to up.sh since" in said
    assert "no route to host; icestream report" in said
    assert '"failing":' in (session.folder / "report" / "live.js").read_text()
    with kept_up_to_date(session.folder, "none"):
        wait_for(lambda: published(session.folder) is None)


def _held(session: SampleSession, *, confidential: bool) -> None:
    """Let a facility have written down whose the session is."""
    card = Card(
        session="p1-7", key="k", place="/s/p1-7", folder=str(session.folder), began=1.0,
        confidential=confidential,
    )  # fmt: skip
    write_card(card, folder=session.folder)


def test_a_report_is_published_by_the_name_that_a_facility_gave(
    session: SampleSession, tmp_path: Path
) -> None:
    _held(session, confidential=False)
    up = _uploader(tmp_path, f'echo "$1 $ICESTREAM_SESSION" > {tmp_path}/said')
    report(session.folder, publish=f"{up} {{session}}")
    assert (tmp_path / "said").read_text() == "p1-7 p1-7\n"


def test_a_confidential_session_is_published_only_where_a_person_says_so(
    session: SampleSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    up = str(_uploader(tmp_path, f"date >> {tmp_path}/said"))
    monkeypatch.setenv("ICESTREAM_REPORT_PUBLISH", up)
    for text in ("confidential", "{"):
        _held(session, confidential=True)
        if text == "{":
            (session.folder / "facility.json").write_text(text)
        assert publish_target(None, session.folder) is None
        report(session.folder)
    with kept_up_to_date(session.folder):
        pass
    assert not (tmp_path / "said").exists()
    _held(session, confidential=True)
    report(session.folder, publish=up)
    before = (tmp_path / "said").read_text()  # once, or twice where the machine is slow
    with kept_up_to_date(session.folder, up):
        pass
    assert len((tmp_path / "said").read_text()) > len(before)
    _held(session, confidential=False)
    assert publish_target(None, session.folder) is not None


def test_one_that_becomes_confidential_is_published_no_more(
    session: SampleSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ICESTREAM_REPORT_INTERVAL", "0.2")
    said = tmp_path / "said"
    up = str(_uploader(tmp_path, f"date >> {said}"))
    _held(session, confidential=False)
    log = session.folder / "logs" / "report.log"
    with kept_up_to_date(session.folder, up):
        wait_for(said.exists)
        _held(session, confidential=True)
        wait_for(lambda: "published no more" in log.read_text())
        rounds = said.read_text()
        session.grow(3)
    assert said.read_text() == rounds
    assert "remove what is there" in log.read_text()
