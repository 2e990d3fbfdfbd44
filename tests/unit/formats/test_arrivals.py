"""Copies and changes of movies that were taken."""

import os
from pathlib import Path

import numpy as np

from icestream.formats.arrivals import Change, TakenFiles, fingerprint

RNG = np.random.default_rng(2)


def _write(path: Path, size: int = 300_000) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(RNG.bytes(size))
    return path


def _take(arrivals: TakenFiles, path: Path, exposure: str) -> None:
    arrivals.take(path, exposure, fingerprint(path), path.stat())


def _copy_of(arrivals: TakenFiles, path: Path) -> Path | None:
    return arrivals.copy_of(path, fingerprint(path))


def test_the_fingerprint_sees_both_ends_the_middle_and_the_size(tmp_path: Path) -> None:
    path = _write(tmp_path / "a")
    raw = bytearray(path.read_bytes())
    seen = {fingerprint(path)}
    for place in (0, 150_000, 299_999):
        raw[place] ^= 255
        path.write_bytes(raw)
        seen.add(fingerprint(path))
    path.write_bytes(raw[:-1])
    seen.add(fingerprint(path))
    assert len(seen) == 5


def test_a_copy_is_one_whatever_its_name(tmp_path: Path) -> None:
    arrivals = TakenFiles()
    first = _write(tmp_path / "disc1" / "a.tif")
    assert _copy_of(arrivals, first) is None
    _take(arrivals, first, "a")
    assert _copy_of(arrivals, first) is None
    copy = tmp_path / "disc2.tif"
    copy.write_bytes(first.read_bytes())
    assert _copy_of(arrivals, copy) == first
    assert _copy_of(arrivals, _write(tmp_path / "disc3.tif")) is None


def test_later_changes_are_seen(tmp_path: Path) -> None:
    arrivals = TakenFiles()
    paths = [_write(tmp_path / f"{n}.tif", 1000) for n in range(50)]
    for path in paths:
        _take(arrivals, path, path.stem)
    assert [arrivals.look_back() for _ in range(3)] == [[], [], []]
    _write(paths[7], 1200)
    paths[8].unlink()
    os.utime(paths[9])
    found = [change for _ in range(3) for change in arrivals.look_back()]
    assert found == [Change("7", "1000 -> 1200 bytes")]
    assert [arrivals.look_back() for _ in range(3)] == [[], [], []]
    assert len(arrivals) == 50


def test_the_newest_is_looked_at_each_time(tmp_path: Path) -> None:
    arrivals = TakenFiles()
    paths = [_write(tmp_path / f"{n}.tif", 1000) for n in range(100)]
    for path in paths:
        _take(arrivals, path, path.stem)
    _write(paths[-1], 1000)
    assert arrivals.look_back() == [Change("99", "1000 -> 1000 bytes")]
