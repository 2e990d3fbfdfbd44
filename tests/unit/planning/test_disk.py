"""The pace of a disk."""

from pathlib import Path

import pytest

from icestream.planning.disk import measure_disk


def test_it_says_what_it_wrote_and_leaves_nothing(tmp_path: Path) -> None:
    found = measure_disk(tmp_path, seconds=30.0, largest=16 * 2**20)
    assert found.size == 16 * 2**20
    assert found.write > 0
    assert found.read > 0
    assert list(tmp_path.iterdir()) == []


def test_it_ends_when_the_time_is_over(tmp_path: Path) -> None:
    assert measure_disk(tmp_path, seconds=0.0).size == 8 * 2**20


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="missing"):
        measure_disk(tmp_path / "missing")
