"""The watcher finds what appears, and asks little for it."""

import os
import time
from pathlib import Path

import pytest

from icestream.formats.watch import FolderWatch, file_system, is_remote, is_session


class Clock:
    """A clock that runs ahead, so that no test has to wait."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        self.ahead += 10.0
        return time.time() + self.ahead


def _touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def _names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


def test_files_are_reported_once_as_they_appear(tmp_path: Path) -> None:
    clock = Clock()
    watch = FolderWatch(str(tmp_path))
    _touch(tmp_path, "a.tif", "deep/er/b.mrc", "no.txt", ".c.tif.x3f")
    assert _names(watch.poll(clock())) == ["a.tif", "b.mrc"]
    assert watch.is_caught_up
    assert watch.poll(clock()) == []
    _touch(tmp_path, "deep/er/c.eer", "new/d.TIFF")
    assert _names(watch.poll(clock())) == ["c.eer", "d.TIFF"]
    (tmp_path / "a.tif").rename(tmp_path / "z.tif")
    assert _names(watch.poll(clock())) == ["z.tif"]
    assert watch.folders == 4


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("**/*_fractions.tiff", {"1_fractions.tiff", "2_fractions.tiff", "3_fractions.tiff"}),
        ("*_fractions.tiff", {"1_fractions.tiff"}),
        ("s*/*.tiff", {"2_fractions.tiff", "2.tiff"}),
        ("**/s*/**/[!1]*.tiff", {"2_fractions.tiff", "2.tiff", "3_fractions.tiff"}),
        ("?_fractions.*", {"1_fractions.tiff"}),
        ("**/*.mrc", set()),
        ("a (b)/*+*.tiff", {"4+5.tiff"}),
    ],
)
def test_patterns(tmp_path: Path, pattern: str, expected: set[str]) -> None:
    _touch(tmp_path, "1_fractions.tiff", "s1/2_fractions.tiff", "s1/2.tiff")
    _touch(tmp_path, "s1/t/3_fractions.tiff", "a (b)/4+5.tiff")
    found = FolderWatch(f"{tmp_path}/{pattern}").poll()
    assert set(_names(found)) == expected
    assert {path for path in tmp_path.glob(pattern) if path.is_file()} == set(found)


def test_a_single_file(tmp_path: Path) -> None:
    _touch(tmp_path, "a.tif", "b.tif")
    watch = FolderWatch(str(tmp_path / "a.tif"))
    assert _names(watch.poll()) == ["a.tif"]


def test_names_beside_and_names_left_out(tmp_path: Path) -> None:
    _touch(tmp_path, "a_x.tif", "a.xml", "old/b_x.tif", "bad_x.tif", "old2/c_x.tif")
    watch = FolderWatch(f"{tmp_path}/**/*_x.tif", exclude=("old", "bad*"), also=("*.xml",))
    found = watch.poll()
    assert _names(found) == ["a.xml", "a_x.tif", "c_x.tif"]
    assert [watch.matches(path) for path in found] == [False, True, True]
    assert watch.folders == 2


def test_a_session_of_ours_holds_no_movies(tmp_path: Path) -> None:
    clock = Clock()
    _touch(tmp_path, "a.tif", "out/icestream.db", "out/particles/b.mrcs")
    watch = FolderWatch(str(tmp_path))
    assert _names(watch.poll(clock())) == ["a.tif"]
    _touch(tmp_path, "c.tif", "out/particles/d.mrcs")
    assert _names(watch.poll(clock())) == ["c.tif"]
    assert watch.folders == 1


@pytest.mark.parametrize("marks", [("icestream.db",), ("store.json", "coordinator.lock")])
def test_a_folder_that_becomes_a_session_is_left_out_with_all_below(
    tmp_path: Path, marks: tuple[str, ...]
) -> None:
    clock = Clock()
    _touch(tmp_path, "a.tif", "out/align/b.mrc", "out/pick/x/c.mrc")
    watch = FolderWatch(str(tmp_path))
    assert _names(watch.poll(clock())) == ["a.tif", "b.mrc", "c.mrc"]
    assert not is_session(tmp_path / "out")
    _touch(tmp_path, *(f"out/{name}" for name in marks))
    watch.poll(clock())
    _touch(tmp_path, "out/align/d.mrc", "out/pick/x/e.mrc", "out/f.mrc")
    assert watch.poll(clock()) == []
    assert watch.folders == 1
    assert is_session(tmp_path / "out")


def test_a_folder_that_comes_and_goes(tmp_path: Path) -> None:
    clock = Clock()
    watch = FolderWatch(str(tmp_path / "session"))
    assert watch.poll(clock()) == []
    assert not watch.is_caught_up
    _touch(tmp_path, "session/a.tif")
    assert _names(watch.poll(clock())) == ["a.tif"]
    (tmp_path / "session" / "a.tif").unlink()
    (tmp_path / "session").rmdir()
    assert watch.poll(clock()) == []
    _touch(tmp_path, "session/a.tif")
    assert _names(watch.poll(clock()) + watch.poll(clock())) == ["a.tif"]


def test_links_to_folders_are_followed_but_not_in_rings(tmp_path: Path) -> None:
    _touch(tmp_path, "real/a.tif")
    (tmp_path / "watched").mkdir()
    (tmp_path / "watched" / "link").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "ring").symlink_to(tmp_path / "watched")
    (tmp_path / "real" / "self").symlink_to(tmp_path / "real")
    assert _names(FolderWatch(str(tmp_path / "watched")).poll()) == ["a.tif"]


def test_a_link_to_itself_hides_nothing_beside_it(tmp_path: Path) -> None:
    _touch(tmp_path, "a.tif")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "loop.tif").symlink_to("loop.tif")
    watch = FolderWatch(str(tmp_path))
    assert _names(watch.poll()) == ["a.tif", "loop.tif"]
    assert watch.unreadable == {}


def test_a_change_that_leaves_no_trace_is_found_by_the_full_scan(tmp_path: Path) -> None:
    """Some network file systems keep the old time of a directory for long."""
    _touch(tmp_path, "a.tif")
    os.utime(tmp_path, (1e9, 1e9))
    watch = FolderWatch(str(tmp_path), scan_every=600.0)
    now = time.time()
    assert _names(watch.poll(now)) == ["a.tif"]
    _touch(tmp_path, "b.tif")
    os.utime(tmp_path, (1e9, 1e9))
    assert watch.poll(now + 300.0) == []
    assert _names(watch.poll(now + 601.0)) == ["b.tif"]


def test_two_changes_within_one_tick_of_the_clock(tmp_path: Path) -> None:
    _touch(tmp_path, "a.tif")
    now = time.time()
    os.utime(tmp_path, (now, now))
    watch = FolderWatch(str(tmp_path))
    assert _names(watch.poll(now + 0.01)) == ["a.tif"]
    _touch(tmp_path, "b.tif")
    os.utime(tmp_path, (now, now))
    assert _names(watch.poll(now + 0.2)) == ["b.tif"]


def test_a_path_can_be_reported_again(tmp_path: Path) -> None:
    clock = Clock()
    _touch(tmp_path, "a.tif")
    watch = FolderWatch(str(tmp_path))
    (path,) = watch.poll(clock())
    watch.forget(path)
    assert watch.poll(clock()) == [path]


def test_listing_keeps_to_its_budget(tmp_path: Path) -> None:
    for folder in range(30):
        _touch(tmp_path, f"{folder}/a.tif")
    watch = FolderWatch(str(tmp_path))
    found: list[Path] = []
    calls = 0
    while not watch.is_caught_up:
        found += watch.poll(budget=0.0)
        calls += 1
        assert calls < 1000
    assert calls > 1
    assert len(found) == 30


def test_an_idle_poll_does_not_touch_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its cost is one question for each directory, however many files there are."""
    clock = Clock()
    for folder in range(5):
        _touch(tmp_path, *(f"{folder}/{name}.tif" for name in range(50)))
    watch = FolderWatch(str(tmp_path))
    assert len(watch.poll(clock())) == 250
    watch.poll(clock())
    asked: list[str] = []
    stat = os.stat
    monkeypatch.setattr(os, "stat", lambda path, **k: asked.append(str(path)) or stat(path, **k))
    monkeypatch.setattr(os, "scandir", lambda path: pytest.fail(f"{path} was listed"))
    assert watch.poll(clock()) == []
    assert sorted(asked) == sorted([str(tmp_path), *(str(tmp_path / str(n)) for n in range(5))])


def test_local_disks_are_asked_more_often(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert file_system("/proc") == "proc"
    assert not is_remote("/proc")
    monkeypatch.setattr("icestream.formats.watch.is_remote", lambda path: True)
    assert FolderWatch(str(tmp_path)).interval() == 2.0
    monkeypatch.setattr("icestream.formats.watch.is_remote", lambda path: False)
    assert FolderWatch(str(tmp_path)).interval() == 0.1


@pytest.mark.parametrize(
    ("kind", "remote"),
    [("nfs4", True), ("cifs", True), ("fuse.sshfs", True), ("lustre", True), ("ext4", False)],
)
def test_kinds_of_file_systems(monkeypatch: pytest.MonkeyPatch, kind: str, remote: bool) -> None:
    monkeypatch.setattr("icestream.formats.watch.file_system", lambda path: kind)
    assert is_remote("/data") is remote


def test_endings_in_any_case_and_compressed_ones(tmp_path: Path) -> None:
    """What nobody sees is never told: a compressed movie is reported, to be refused by name."""
    names = ["A.MRC", "B.Tif", "C.EER", "d.mrc.bz2", "E.TIF.GZ", "f.mrcs.zst", "g.eer.tar"]
    others = ["notes.gz", "h.mrc.txt", "i.bz2"]
    for name in [*names, *others, "B.TIF.MDOC", "X.XML"]:
        (tmp_path / name).write_bytes(b"x")
    watch = FolderWatch(str(tmp_path), also=("*.mdoc", "*.xml"))
    found = watch.poll()
    assert {path.name for path in found} == {*names, "B.TIF.MDOC", "X.XML"}
    assert {path.name for path in found if watch.matches(path)} == set(names)
