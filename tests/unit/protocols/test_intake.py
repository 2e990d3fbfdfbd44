"""Files in a watched folder: each is looked at, and one that makes trouble holds nobody."""

import errno
import os
import time
from pathlib import Path
from typing import Any

import pytest

from icestream.formats.pending import Pending
from icestream.protocol import ProtocolError, Refusal
from icestream.protocols.folder_parameters import FolderParameters
from icestream.protocols.intake import Intake


class Folder:
    """An intake of small files, whose content says what becomes of them."""

    def __init__(self, folder: Path, **wanted: Any) -> None:
        self.folder = folder
        self.now = time.time() + 100.0
        self.intake = Intake(
            FolderParameters(pattern=str(folder), **{"watch": True, **wanted}), "movies"
        )

    def put(self, name: str, content: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path

    def look(self, intake: Intake, path: Path, file: Pending, now: float) -> Any:
        file.note(path.stat(), now, watched=True)
        content = path.read_text()
        if content == "raise":
            raise OverflowError("cannot convert float infinity to integer")
        if content == "end":
            raise ProtocolError("that is not for one file", advice="mend it")
        intake.leave(path)
        return content

    def turn(self, later: float = 10.0) -> tuple[list[Any], list[Refusal]]:
        self.now += later
        for path, asked in self.intake.arrivals(self.now):
            if asked:
                self.intake.join(path, self.now)
        self.intake.look(self.now, self.look, lambda path: bool(path.name))
        return self.intake.hand_over()

    def alerts(self) -> list[str]:
        return [alert.message for alert in self.intake.alerts(self.now)]


def test_whatever_a_file_raises_is_its_own_trouble(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.put("a.tif", "a")
    folder.put("b.tif", "raise")
    folder.put("c.tif", "c")
    items, refused = folder.turn()
    assert items == ["a", "c"]
    (refusal,) = refused
    assert refusal.path.name == "b.tif"
    assert refusal.reason == (
        "it cannot be read: OverflowError: cannot convert float infinity to integer"
    )
    assert folder.turn() == ([], [])
    folder.put("b.tif", "it was mended")
    found = [folder.turn()[0] for _ in range(2)]
    assert [*found[0], *found[1]] == ["it was mended"]


def test_what_a_look_has_found_outlives_what_ends_it(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.put("a.tif", "a")
    folder.put("b.tif", "end")
    with pytest.raises(ProtocolError):
        folder.turn()
    folder.put("b.tif", "b")
    assert sorted(folder.turn()[0]) == ["a", "b"]


def test_a_folder_that_cannot_be_read_is_named_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Folder(tmp_path, watch=False)
    folder.put("a.tif", "a")
    folder.put("locked/b.tif", "b")
    scandir = os.scandir

    def refuse(path: Any) -> Any:
        if str(path).endswith("locked"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scandir(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", refuse)
        assert folder.turn()[0] == ["a"]
        assert folder.alerts() == [
            f"the folder {tmp_path}/locked cannot be read (Permission denied): what is in it is "
            "not taken; it is looked at again"
        ]
        assert not folder.intake.is_closed(folder.now)
        (refusal,) = folder.turn()[1]
        assert (refusal.path, refusal.exposure) == (tmp_path / "locked", "locked (folder)")
        assert refusal.reason == "the folder cannot be read: Permission denied"
        assert folder.intake.is_closed(folder.now)
    assert folder.turn()[0] == ["b"]
    assert folder.alerts() == []


def test_a_path_that_is_there_is_meant_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "grid[1] *?").mkdir()
    folder = Folder(tmp_path / "grid[1] *?")
    folder.put("deep/a[2].tif", "a")
    assert folder.turn()[0] == ["a"]
    beside = Folder(tmp_path)
    beside.intake = Intake(
        FolderParameters(pattern=f"{tmp_path}/grid[1] *?/*/a*.tif", watch=True), "movies"
    )
    assert beside.turn()[0] == ["a"]
    one = Folder(tmp_path)
    one.intake = Intake(
        FolderParameters(pattern=f"{tmp_path}/grid[1] *?/deep/a[2].tif", watch=True), "movies"
    )
    assert one.turn()[0] == ["a"]


def test_without_a_folder_nothing_can_begin() -> None:
    with pytest.raises(ProtocolError, match="no folder of movies is given"):
        Intake(FolderParameters(), "movies")


def test_what_is_whole_and_waits_for_metadata_is_not_called_half(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    path = folder.put("a.tif", "a")
    folder.look = lambda intake, path, file, now: file.note(  # type: ignore[assignment]
        path.stat(), now, watched=True
    )
    folder.turn()
    folder.turn(20.0)
    assert [message[:20] for message in folder.alerts()] == ["a.tif is not whole y"]

    def whole(intake: Intake, path: Path, file: Pending, now: float) -> None:
        file.whole = now

    folder.look = whole  # type: ignore[assignment]
    folder.turn(20.0)
    assert path.exists()
    assert folder.alerts() == []


def test_what_is_older_than_wanted_is_left_and_said(tmp_path: Path) -> None:
    now = time.time()
    folder = Folder(tmp_path, since=now - 3600.0)
    for name, age in (("old.tif", 7200.0), ("new.tif", 60.0)):
        os.utime(folder.put(name, name), (now - age, now - age))
    assert folder.turn()[0] == ["new.tif"]
    (said,) = folder.alerts()
    assert said.startswith(f"1 movies in {tmp_path} were last changed before 20")
    folder.put("newest.tif", "newest.tif")
    assert folder.turn()[0] == ["newest.tif"]
    everything = Folder(tmp_path)
    assert sorted(everything.turn()[0]) == ["new.tif", "newest.tif", "old.tif"]
    assert everything.alerts() == []
