"""Events reach the terminal as people or programs want them, and the session's file whole."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog

from icestream.log import configure
from icestream.shown import Aside


def test_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    configure(lines=True)
    structlog.get_logger("icestream.engine").info("task done", step="ctf", seconds=1.5)
    event = json.loads(capsys.readouterr().err)
    assert event["event"] == "task done"
    assert (event["step"], event["seconds"], event["level"]) == ("ctf", 1.5, "info")
    assert event["logger"] == "icestream.engine"


def test_people_read_plain_text(capsys: pytest.CaptureFixture[str]) -> None:
    configure(lines=False)
    structlog.get_logger("icestream.engine").warning("disk is full", free=0)
    printed = capsys.readouterr().err
    assert "disk is full" in printed
    assert "free=0" in printed
    assert "{" not in printed


def test_file_gets_everything_and_the_terminal_its_level(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "logs" / "icestream.log"
    configure(lines=True, level="warning", file=file)
    log = structlog.get_logger("icestream.engine")
    log.debug("small thing")
    log.warning("large thing")
    assert [json.loads(line)["event"] for line in file.read_text().splitlines()] == [
        "small thing",
        "large thing",
    ]
    assert "small thing" not in capsys.readouterr().err


def test_earlier_logs_are_kept_but_not_for_ever(tmp_path: Path) -> None:
    file = tmp_path / "icestream.log"
    for run in range(8):
        configure(lines=True, level="error", file=file)
        structlog.get_logger("icestream").info("run", number=run)
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == ["icestream.log", *(f"icestream.log.{n}" for n in range(1, 6))]
    assert json.loads((tmp_path / "icestream.log.1").read_text())["number"] == 6


def test_an_exception_is_written_whole(tmp_path: Path) -> None:
    file = tmp_path / "icestream.log"
    configure(lines=True, level="critical", file=file)
    try:
        raise ValueError("odd shape")
    except ValueError:
        structlog.get_logger("icestream").exception("task failed")
    event = json.loads(file.read_text())
    assert "ValueError: odd shape" in event["exception"]


def test_a_log_can_be_written_whatever_a_name_is(tmp_path: Path) -> None:
    configure(lines=True, level="critical", file=tmp_path / "log")
    structlog.get_logger("icestream").error("held", reason="caf\udce9 is away")
    assert json.loads((tmp_path / "log").read_text())["reason"] == r"caf\xe9 is away"


def test_a_full_disk_is_not_told_by_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Found by the campaign of faults, seed 2: a hundred lines of traceback for each event."""
    file = tmp_path / "icestream.log"
    file.symlink_to("/dev/full")
    configure(lines=True, level="error", file=tmp_path / "other.log")
    handler = logging.getLogger("icestream").handlers[-1]
    assert isinstance(handler, logging.FileHandler)
    handler.baseFilename = str(file)
    structlog.get_logger("icestream.engine").error("held", reason="no space left")
    printed = capsys.readouterr().err
    assert json.loads(printed)["event"] == "held"  # and nothing else


def test_what_cannot_be_written_for_another_reason_is_a_defect(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(lines=True, level="critical", file=tmp_path / "icestream.log")
    structlog.get_logger("icestream.engine").error("held", reason={1: object, (2,): 3})
    assert "TypeError" in capsys.readouterr().err


def test_a_line_is_written_before_anybody_goes_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread that waited for the lock of the handler cost each event the whole patience."""
    written = []
    run = Aside.run

    def noted(self: Aside, what: Callable[[], object]) -> bool:
        written.append(run(self, what))
        return written[-1]

    monkeypatch.setattr(Aside, "run", noted)
    configure(lines=True)
    for number in range(3):
        structlog.get_logger("icestream.engine").info("task done", number=number)
    assert written == [True, True, True]
    assert len(capsys.readouterr().err.splitlines()) == 3
