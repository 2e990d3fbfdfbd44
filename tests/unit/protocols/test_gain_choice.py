"""The gain reference of a movie: given, named, or the nearest that fits."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from icestream.formats.errors import FormatError
from icestream.formats.movie import MovieFacts
from icestream.formats.mrc import write_mrc
from icestream.formats.nearby import NearbyFiles
from icestream.formats.tiff import write_tiff
from icestream.protocols.gain_choice import GainChoice
from icestream.protocols.import_parameters import ImportParameters

SHAPE = (16, 16)
FACTS = MovieFacts(frames=4, shape=SHAPE, dtype=np.dtype("u1"), container="tiff", size=9)


class Choice:
    """A choice among files, and what it told."""

    def __init__(self, *paths: Path, **parameters: Any) -> None:
        self.told: dict[str, str] = {}
        files = NearbyFiles()
        for path in paths:
            files.notice(path)
        self.choice = GainChoice(
            ImportParameters(**parameters),
            files,
            lambda key, level, message: self.told.update({key: message}),
        )

    def __call__(self, movie: Path, *names: str) -> Path | None:
        return self.choice.choose(movie, FACTS, names)


def _gain(path: Path, shape: tuple[int, int] = SHAPE) -> Path:
    path.parent.mkdir(exist_ok=True)
    return write_mrc(path, np.ones(shape, np.float32))


def test_every_folder_has_its_own(tmp_path: Path) -> None:
    first, second = (_gain(tmp_path / folder / "gain.mrc") for folder in "ab")
    choice = Choice(first, second)
    assert choice(tmp_path / "a" / "m.tif") == first
    assert choice(tmp_path / "b" / "m.tif") == second
    assert choice(tmp_path / "b" / "m.tif", "GAIN.mrc") == second
    assert choice(tmp_path / "c" / "m.tif") is None
    assert "2 gain references were found (gain.mrc, gain.mrc)" in choice.told["import.gain.unclear"]


def test_one_of_another_size_is_passed_over_for_one_that_fits(tmp_path: Path) -> None:
    unfit, fit = _gain(tmp_path / "gain_k2.mrc", (20, 24)), _gain(tmp_path / "gain_k3.mrc")
    assert Choice(unfit, fit)(tmp_path / "m.tif") == fit
    with pytest.raises(FormatError, match="found 20 x 24"):
        Choice(unfit)(tmp_path / "m.tif")


def test_a_movie_that_is_called_gain_is_none(tmp_path: Path) -> None:
    movie = tmp_path / "gain_test_001.tif"
    write_tiff(movie, np.ones((4, *SHAPE), np.uint8))
    assert Choice(movie)(tmp_path / "m.tif") is None


def test_what_the_camera_has_corrected_is_not_corrected_again(tmp_path: Path) -> None:
    gain = _gain(tmp_path / "day.gain")
    movie = tmp_path / "m_Fractions.mrc"
    choice = Choice(gain)
    assert choice.choice.choose(movie, FACTS, ["day.gain"], corrected=True) is None
    assert choice.told["import.gain.corrected"] == (
        "the camera says that m_Fractions.mrc is gain corrected: no reference is used"
    )
    given = Choice(gain=gain)
    assert given.choice.choose(movie, FACTS, [], corrected=True) == gain
    assert "the given reference is used all the same" in given.told["import.gain.corrected"]


def test_frames_that_serialem_has_turned(tmp_path: Path) -> None:
    """Whether the reference was turned with them, no file says."""
    gain = _gain(tmp_path / "CountRef_1.mrc")
    facts = replace(FACTS, turned=2)
    choice = Choice(gain)
    assert choice.choice.choose(tmp_path / "m.tif", facts, ["CountRef_1.mrc"]) == gain
    told = choice.told["import.gain.turned"]
    assert "m.tif after they were read out (r/f 2), and CountRef_1.mrc is laid onto them" in told
    for parameters in ({"gain_rotation": 180}, {"gain_flip": "up-down"}, {"find_gain": False}):
        settled = Choice(gain, **parameters)
        settled.choice.choose(tmp_path / "m.tif", facts, ["CountRef_1.mrc"])
        assert "import.gain.turned" not in settled.told
