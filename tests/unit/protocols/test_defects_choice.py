"""The list of defects of a movie: given or named, there, and of its camera."""

from pathlib import Path

import pytest

from icestream.formats.errors import FormatError
from icestream.formats.nearby import NearbyFiles
from icestream.protocols.defects_choice import DefectsChoice
from icestream.protocols.import_parameters import ImportParameters

SHAPE = (16, 16)


def _choice(*paths: Path, given: Path | None = None) -> tuple[DefectsChoice, dict[str, str]]:
    files = NearbyFiles()
    for path in paths:
        files.notice(path)
    told: dict[str, str] = {}
    wanted = ImportParameters(defects=given)
    return DefectsChoice(wanted, files, lambda key, level, text: told.update({key: text})), told


def _defects(path: Path, size: int = 16) -> Path:
    path.write_text(f"CameraSizeX {size}\nCameraSizeY {size}\nBadColumns 3\n")
    return path


def test_the_one_that_is_named_or_given(tmp_path: Path) -> None:
    named, given = _defects(tmp_path / "defects_a.txt"), _defects(tmp_path / "mine.txt")
    movie = tmp_path / "a.tif"
    choice, told = _choice(named)
    assert choice.choose(movie, SHAPE, ["Defects_A.txt"]) == named
    assert choice.choose(movie, SHAPE, []) is None
    assert told == {}
    assert _choice(named, given=given)[0].choose(movie, SHAPE, ["defects_a.txt"]) == given


def test_one_that_is_not_there_is_told(tmp_path: Path) -> None:
    choice, told = _choice()
    assert choice.choose(tmp_path / "a.tif", SHAPE, ["defects_a.txt"]) is None
    assert told["import.defects.missing"].startswith(
        "the metadata name the defects defects_a.txt, which were not found"
    )


def test_one_of_another_camera_is_refused(tmp_path: Path) -> None:
    choice, _ = _choice(_defects(tmp_path / "defects_a.txt", 20))
    with pytest.raises(FormatError, match="expected defects of 16 x 16 pixels"):
        choice.choose(tmp_path / "a.tif", SHAPE, ["defects_a.txt"])
