"""Files of network file systems, of which a folder that is opened anew says that they are there."""

import os
from pathlib import Path
from typing import Any

import pytest

from icestream.engine.executors import seen
from icestream.engine.executors.seen import unseen, wait_until_seen


class Slow:
    """A file system whose names are not there until their folder was opened so often."""

    def __init__(self, patch: pytest.MonkeyPatch, times: int) -> None:
        self.opened: dict[str, int] = {}
        self.times = times
        scandir, exists = os.scandir, Path.exists

        def open_folder(folder: Any) -> Any:
            self.opened[str(folder)] = self.opened.get(str(folder), 0) + 1
            return scandir(folder)

        def is_there(path: Path, **more: Any) -> bool:
            return exists(path) and self.opened.get(str(path.parent), 0) >= self.times

        patch.setattr(seen.os, "scandir", open_folder)
        patch.setattr(Path, "exists", is_there)
        patch.setattr(seen.time, "sleep", lambda _: None)


def made(folder: Path, *names: str) -> list[Path]:
    for name in names:
        (folder / name).write_text("1")
    return [folder / name for name in names]


def test_a_folder_that_is_opened_shows_what_the_client_did_not_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = made(tmp_path, "a", "b")
    disk = Slow(monkeypatch, 1)
    assert unseen(files) == []
    assert disk.opened == {str(tmp_path): 1}  # once for all its files


def test_what_is_not_there_yet_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = made(tmp_path, "a")
    Slow(monkeypatch, 2)
    absent = tmp_path / "away" / "b"  # its folder is not seen either
    assert unseen([*files, absent]) == [*files, absent]
    assert unseen([*files, absent]) == [absent]


def test_it_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = made(tmp_path, "a", "b")
    disk = Slow(monkeypatch, 4)
    assert wait_until_seen(files, 60.0) == []
    assert disk.opened == {str(tmp_path): 4}


def test_but_not_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(seen.time, "monotonic", lambda: clock[0])
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        clock[0] += seconds

    monkeypatch.setattr(seen.time, "sleep", sleep)
    assert wait_until_seen([tmp_path / "never"], 9.0) == [tmp_path / "never"]
    assert pauses[:4] == [0.2, 0.4, 0.8, 1.6]
    assert max(pauses) == 2.0
    assert clock[0] < 11.0


def test_on_one_machine_nothing_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Slow(monkeypatch, 99)
    assert wait_until_seen(made(tmp_path, "a"), 0.0) == []
    assert disk.opened == {}
