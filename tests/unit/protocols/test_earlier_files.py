"""What is new does not wait behind what was taken in earlier runs, and is told from it."""

import shutil
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from icestream.formats.arrivals import TakenFiles
from icestream.formats.exposure_names import ExposureNames
from icestream.formats.tiff import write_tiff
from icestream.model import Movie
from icestream.protocol import Cursor, Discovery
from icestream.protocols import earlier_files
from icestream.protocols.earlier_files import EarlierFiles
from icestream.protocols.import_movies import ImportMovies
from icestream.protocols.import_parameters import ImportParameters

GIVEN = {
    "pixel_size": 1.0, "voltage": 300.0, "dose_per_frame": 1.2, "metadata_wait": 0.0,
    "spherical_aberration": 2.7,
}  # fmt: skip


class Run:
    """One run of a session's import, which remembers in which order it looked at files."""

    def __init__(self, folder: Path, before: Iterable[Movie] = (), state: Any = None) -> None:
        wanted = ImportParameters(pattern=str(folder), watch=True, **GIVEN)  # type: ignore[arg-type]
        self.source = ImportMovies(wanted)
        self.before, self.state = list(before), state
        self.looked: list[str] = []
        judge = self.source.judge

        def look(path: Path, *args: Any) -> Any:
            self.looked.append(path.stem)
            return judge(path, *args)

        self.source.judge = look  # type: ignore[method-assign]

    def discover(self) -> Discovery:
        """All that is found until nothing waits, a while after the files were written."""
        now, items = time.time() + 100.0, []
        while True:
            now += 10.0
            found = self.source.discover(Cursor(self.state, now, lambda: self.before))
            self.state = found.state
            items += found.items
            if not found.waiting:
                return replace(found, items=items)


def write_movies(folder: Path, names: Iterable[str]) -> None:
    folder.mkdir(exist_ok=True)
    draw = np.random.default_rng(sum(map(ord, folder.name)))
    for name in names:
        write_tiff(folder / f"{name}.tiff", draw.poisson(1.0, (4, 16, 24)).astype(np.uint8))


def names(items: Sequence[Any]) -> list[str]:
    return [item.exposure for item in items]


@pytest.fixture
def taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(earlier_files, "_RECENT", 2)
    write_movies(tmp_path / "one", [f"m{number}" for number in range(6)])
    first = Run(tmp_path)
    first.before = first.discover().items
    assert len(first.before) == 6
    assert all(len(movie.content) == 32 for movie in first.before)
    return first


def test_new_files_are_looked_at_before_most_of_the_earlier_ones(
    tmp_path: Path, taken: Run
) -> None:
    write_movies(tmp_path / "two", ["z1", "z2"])
    again = Run(tmp_path, taken.before, taken.state)
    found = again.discover()
    newest = names(taken.before)[-2:]
    assert again.looked[:2] == newest
    assert set(again.looked[2:4]) == {"z1", "z2"}
    assert set(again.looked[4:8]) == set(names(taken.before)[:-2])
    # All are handed over, as in each run: the engine knows what it has.
    assert set(names(found.items)) == {*names(taken.before), "z1", "z2"}


def test_without_their_content_the_earlier_ones_go_first(tmp_path: Path, taken: Run) -> None:
    write_movies(tmp_path / "two", ["z1"])
    before = [replace(taken.before[0], content=""), *taken.before[1:]]
    again = Run(tmp_path, before, taken.state)
    again.discover()
    assert again.looked.index("z1") == 6


def test_a_copy_of_an_earlier_file_is_no_exposure_though_it_is_looked_at_first(
    tmp_path: Path, taken: Run
) -> None:
    (tmp_path / "two").mkdir()
    shutil.copyfile(taken.before[0].path, tmp_path / "two" / "copied.tiff")
    again = Run(tmp_path, taken.before, taken.state)
    found = again.discover()
    assert again.looked.index("copied") == 2
    assert "copied" not in names(found.items)
    assert [alert.message for alert in found.alerts if alert.key == "import.copies"] == [
        "copies of movies that were taken before are skipped: "
        f"copied.tiff (of {taken.before[0].path})"
    ]


def test_a_file_that_is_called_as_an_earlier_one_has_a_name_of_its_own(
    tmp_path: Path, taken: Run
) -> None:
    write_movies(tmp_path / "two", ["m0"])
    found = Run(tmp_path, taken.before, taken.state).discover()
    assert sorted(names(found.items)) == ["m0", "m0 (two)", "m1", "m2", "m3", "m4", "m5"]


def test_a_file_that_was_renamed_meanwhile_is_the_same_exposure(tmp_path: Path, taken: Run) -> None:
    movie = taken.before[0]
    key = taken.source.key(movie)
    movie.path.rename(movie.path.with_name("renamed.tiff"))
    again = Run(tmp_path, taken.before, taken.state)
    found = again.discover()
    (same,) = [item for item in found.items if item.path.stem == "renamed"]
    assert same.exposure == movie.exposure
    assert again.source.key(same) == key


def test_what_is_not_there_is_neither_a_copy_nor_holds_a_name(tmp_path: Path, taken: Run) -> None:
    earlier, files, kept = EarlierFiles(taken.before), TakenFiles(), ExposureNames()
    earlier.tell([movie.path for movie in taken.before[1:]], files, kept)
    first, second = taken.before[:2]
    other = tmp_path / "other.tiff"
    assert files.copy_of(other, bytes.fromhex(first.content)) is None
    assert files.exposure_of(second.path) == second.exposure
    assert kept.beside(first.path) is None
