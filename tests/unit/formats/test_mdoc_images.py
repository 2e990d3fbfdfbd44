"""Stacks of exposures are told from movies by what their mdoc says about each image."""

from pathlib import Path

import pytest

from icestream.formats.mdoc import read_mdoc
from icestream.formats.mdoc_images import ImagesOfStack, images_of_stack

SECTION = "[ZValue = {n}]\nTiltAngle = {tilt}\n{more}DateTime = 25-Sep-23  14:13:26\n"


def _images(path: Path, movie: str) -> ImagesOfStack | None:
    return images_of_stack(path, read_mdoc(path), movie)


def _mdoc(path: Path, tilts: list[float], *, head: str = "", more: str = "") -> Path:
    sections = [SECTION.format(n=n, tilt=tilt, more=more) for n, tilt in enumerate(tilts)]
    path.write_text(head + "".join(sections))
    return path


def test_the_stack_of_a_real_tilt_series(shared_data: Path) -> None:
    path = shared_data / "acquisition" / "serialem" / "tilt_series.mdoc"
    stack = _images(path, "TS_01.mrc")
    assert stack is not None
    assert stack.exposures > 1
    assert stack.tilts is not None
    assert stack.told.startswith(f"{stack.exposures} images at tilts from ")
    assert _images(path, "TS_01_000_0.0.mrc") is None, "these are frames"
    assert _images(path, "TS_02.mrc") is None


def test_the_frames_of_many_exposures_in_one_real_file(shared_data: Path) -> None:
    path = shared_data / "acquisition" / "serialem" / "frame_set_multiple.mdoc"
    stack = _images(path, "s_mmm_01013_33.0_Oct08_07.46.46.tif")
    assert stack is not None
    assert stack.of_frames
    assert stack.told == f"the frames of {stack.exposures} exposures"


@pytest.mark.parametrize("name", ["frame_set_single.mdoc", "a.tif.mdoc"])
def test_a_movie_is_none(shared_data: Path, name: str) -> None:
    folder = shared_data / "acquisition" / "serialem"
    path = folder / name
    path = path if path.exists() else next(folder.glob("*.tif.mdoc"))
    assert _images(path, path.name.removesuffix(".mdoc")) is None


def test_one_section_may_be_about_a_movie(tmp_path: Path) -> None:
    """A series has two as soon as it has two images."""
    head = "ImageFile = ts.mrc\n"
    assert _images(_mdoc(tmp_path / "ts.mrc.mdoc", [0.0], head=head), "TS.mrc") is None
    path = _mdoc(tmp_path / "ts.mrc.mdoc", [0.0, 3.0], head=head)
    assert _images(path, "TS.mrc") == ImagesOfStack(2, (0.0, 3.0))


def test_a_stack_that_was_renamed_with_its_mdoc(tmp_path: Path) -> None:
    path = _mdoc(tmp_path / "new.st.mdoc", [-60.0, 0.0, 60.0], head="ImageFile = old.st\n")
    stack = _images(path, "new.st")
    assert stack is not None
    assert stack.told == "3 images at tilts from -60° to 60°"
    assert _images(path, "other.st") is None


def test_a_movie_that_a_section_names_is_a_movie(tmp_path: Path) -> None:
    """The frames are called as the stack is, in another folder."""
    more = "SubFramePath = X:\\frames\\a.mrc\n"
    path = _mdoc(tmp_path / "a.mrc.mdoc", [0.0, 3.0], head="ImageFile = a.mrc\n", more=more)
    assert _images(path, "a.mrc") is None


def test_the_pieces_of_a_map(tmp_path: Path) -> None:
    path = _mdoc(tmp_path / "LMM.st.mdoc", [0.1, 0.1], head="ImageFile = LMM.st\nMontage = 1\n")
    stack = _images(path, "LMM.st")
    assert stack is not None
    assert stack.told == "2 images"
