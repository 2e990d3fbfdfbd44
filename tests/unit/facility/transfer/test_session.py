"""Where the movies of a session come from."""

from collections.abc import Callable
from pathlib import Path

import pytest

from icestream.facility.file import load_facility
from icestream.facility.opened import Facility
from icestream.facility.transfer.session import (
    MovieRoute,
    NoSource,
    begin_copy,
    movies_pattern,
    route_of,
)


def test_they_are_copied_into_the_place(copies: Facility, tmp_path: Path) -> None:
    places = (tmp_path / "p" / "processing", tmp_path / "p" / "raw")
    made = begin_copy(copies.file, "krios1", places, since=5.0)
    assert made == MovieRoute(source=f"{tmp_path}/krios1", copy=str(places[1]), since=5.0)
    assert route_of(places[0]) == made
    assert made.movies == places[1]
    assert places[1].stat().st_mode & 0o7777 == 0o2750
    assert route_of(tmp_path) is None


def test_or_read_where_they_are(write_facility: Callable[[str], Path], tmp_path: Path) -> None:
    places = (tmp_path / "p", tmp_path / "r")
    plain = load_facility(write_facility("")).file
    assert begin_copy(plain, "krios1", places).movies == tmp_path / "krios1"
    text = '[transfer]\nin_place = ["glacios"]\n[transfer.sources]\nkrios1 = "nas::m"\n'
    file = load_facility(write_facility(text)).file
    assert begin_copy(file, "glacios", places).copy == ""
    assert begin_copy(file, "krios1", places).source == "nas::m"
    assert not (tmp_path / "r").samefile(tmp_path)
    with pytest.raises(NoSource, match="mount it, or let them be copied"):
        begin_copy(file, "glacios", places, source="nas::g")
    with pytest.raises(NoSource, match=r"set microscopes\.tundra\.movies"):
        begin_copy(file, "tundra", places)
    with pytest.raises(NoSource, match="is no place"):
        begin_copy(file, "krios1", places, source="somewhere")


@pytest.mark.parametrize(
    ("pattern", "root", "below"),
    [
        ("/nas/s/**/*_fractions.tiff", "/nas/s", "**/*_fractions.tiff"),
        ("/nas/s", "/nas/s", ""),
        ("nas::m/s/**/*.eer", "nas::m/s", "**/*.eer"),
    ],
)
def test_patterns_are_taken_apart(pattern: str, root: str, below: str) -> None:
    assert movies_pattern(pattern) == (root, below)


def test_a_folder_with_brackets_in_its_name_is_no_pattern(tmp_path: Path) -> None:
    folder = tmp_path / "x_[lea]_grid3"
    folder.mkdir()
    assert movies_pattern(f"{folder}/*.eer") == (str(folder), "*.eer")
    assert movies_pattern(f"{tmp_path}/y_[lea]") == (str(tmp_path), "y_[lea]")


def test_a_folder_is_shared_where_all_is_read_in_place() -> None:
    assert MovieRoute(source="/nas", since=5.0).is_shared
    assert MovieRoute(source="/nas", within="lea*").is_shared
    assert not MovieRoute(source="/nas", copy="/raw", since=5.0).is_shared
    assert not MovieRoute(source="/nas/lea").is_shared
