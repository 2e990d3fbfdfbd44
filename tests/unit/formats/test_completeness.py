"""Whole, growing and bad movies: every way in which a file can arrive."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from icestream.formats.completeness import Bad, Growing, Whole, judge
from icestream.formats.eer import write_eer
from icestream.formats.mrc import write_mrc
from icestream.formats.tiff import write_tiff

FRAMES = np.random.default_rng(8).poisson(1.0, (40, 64, 96)).astype(np.uint8)


def _tiff(path: Path, frames: int = 40) -> None:
    write_tiff(path, FRAMES[:frames])


def _plain_tiff(path: Path, frames: int = 40) -> None:
    write_tiff(path, FRAMES[:frames], compression=None)


def _mrc(path: Path, frames: int = 40) -> None:
    write_mrc(path, FRAMES[:frames])


def _eer(path: Path, frames: int = 40) -> None:
    rng = np.random.default_rng(9)
    electrons = (rng.integers(0, 4 * 64, (200, 2)) for _ in range(frames))
    write_eer(path, electrons, (64, 64), metadata={"numberOfFrames": "40"})


WRITERS = [_tiff, _plain_tiff, _mrc, _eer]
Writer = Callable[..., None]


@pytest.mark.parametrize("write", WRITERS)
def test_a_whole_movie_is_taken_at_once(tmp_path: Path, write: Writer) -> None:
    write(tmp_path / "a")
    verdict = judge(tmp_path / "a", expected_frames=40)
    assert isinstance(verdict, Whole)
    assert verdict.facts.frames == 40
    assert isinstance(judge(tmp_path / "a", usual_frames=40), Whole)


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.75, 0.9, 0.999])
@pytest.mark.parametrize("known", [40, None])
def test_a_growing_copy_is_waited_for_and_then_given_up(
    tmp_path: Path, write: Writer, share: float, known: int | None
) -> None:
    path = tmp_path / "a"
    write(path)
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * share)])
    growing = judge(path, expected_frames=known)
    assert isinstance(growing, Growing), growing
    bad = judge(path, expected_frames=known, quiet=300.0, patience=300.0)
    assert isinstance(bad, Bad)
    assert "expected" in bad.reason
    assert "has not changed for 300 s" in bad.reason


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.62, 0.97])
@pytest.mark.parametrize("known", [40, None])
def test_a_copy_that_has_its_size_before_its_content(
    tmp_path: Path, write: Writer, share: float, known: int | None
) -> None:
    """The size never changes, so only what is inside can tell."""
    path = tmp_path / "a"
    write(path)
    raw = path.read_bytes()
    end = int(len(raw) * share)
    path.write_bytes(raw[:end] + bytes(len(raw) - end))
    for quiet in (0.0, 200.0):
        assert isinstance(judge(path, expected_frames=known, quiet=quiet), Growing)
    assert isinstance(judge(path, expected_frames=known, quiet=301.0), Bad)


@pytest.mark.parametrize("write", [_tiff, _plain_tiff, _mrc])
def test_a_movie_with_too_few_frames(tmp_path: Path, write: Writer) -> None:
    """Written frame by frame, it looks whole after each of them."""
    path = tmp_path / "a"
    write(path, 25)
    verdict = judge(path, expected_frames=40)
    assert isinstance(verdict, Growing)
    assert verdict.reason == "expected 40 frames, found 25"
    ended = judge(path, expected_frames=40, quiet=500.0)
    assert isinstance(ended, Whole), "nothing more has come: its frames are good"
    assert ended.facts.frames == 25


def test_the_cameras_own_number_of_frames(tmp_path: Path) -> None:
    _eer(tmp_path / "a.eer", 25)
    verdict = judge(tmp_path / "a.eer", quiet=10.0)
    assert isinstance(verdict, Growing)
    assert verdict.reason == "expected 40 frames, found 25"


@pytest.mark.parametrize("write", [_tiff, _mrc])
@pytest.mark.parametrize("usual", [None, 40])
def test_without_a_number_the_file_must_rest(
    tmp_path: Path, write: Writer, usual: int | None
) -> None:
    write(tmp_path / "a", 30)
    waiting = judge(tmp_path / "a", usual_frames=usual, quiet=1.0)
    assert isinstance(waiting, Growing)
    assert "30 frames" in waiting.reason
    assert isinstance(judge(tmp_path / "a", usual_frames=usual, quiet=6.0), Whole)


def test_the_last_frame_must_be_readable_when_nobody_knows(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    _tiff(path)
    raw = bytearray(path.read_bytes())
    raw[-2000:-1200] = bytes(np.random.default_rng(1).integers(0, 256, 800, dtype=np.uint8))
    path.write_bytes(raw)
    verdict = judge(path, quiet=10.0)
    assert not isinstance(verdict, Whole)


def _with_border(path: Path, writer: Callable[..., None], frames: NDArray[np.uint8]) -> None:
    """A camera whose last rows are always zero: at the end of the file, too."""
    bordered = np.tile(frames[:4], (1, 20, 20))
    rows = 70
    bordered[:, -rows:] = 0
    bordered[:, :rows] = 0
    writer(path, bordered)


def test_a_border_of_zeros_is_no_copy_under_way(tmp_path: Path) -> None:
    _with_border(tmp_path / "a.mrc", write_mrc, FRAMES)
    assert isinstance(judge(tmp_path / "a.mrc", expected_frames=4), Whole)
    _with_border(
        tmp_path / "a.tif", lambda path, array: write_tiff(path, array, compression=None), FRAMES
    )
    assert isinstance(judge(tmp_path / "a.tif", expected_frames=4), Whole)


def test_a_file_that_is_longer_than_its_header_says(tmp_path: Path) -> None:
    path = tmp_path / "a.mrc"
    _mrc(path, 4)
    path.write_bytes(path.read_bytes() + bytes(3 * 64 * 96))
    verdict = judge(path, expected_frames=4)
    assert isinstance(verdict, Growing)
    assert "expected 25600 bytes by its header, found 44032" in verdict.reason


def test_a_file_that_is_no_movie(tmp_path: Path) -> None:
    (tmp_path / "a.mrc").write_bytes(b"hello" * 1000)
    assert isinstance(judge(tmp_path / "a.mrc"), Growing)
    assert isinstance(judge(tmp_path / "a.mrc", quiet=1000.0), Bad)
    gone = judge(tmp_path / "b.mrc")
    assert isinstance(gone, Growing)
    assert "cannot be read" in gone.reason


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "found an empty file"),
        (b"<html>404</html>" * 99, "TIFF file by its name, found the first by"),
    ],
)
def test_what_is_no_movie_is_called_by_its_name(tmp_path: Path, content: bytes, said: str) -> None:
    """Nobody who finds an empty TIFF wants to read of MRC headers."""
    (tmp_path / "a.tiff").write_bytes(content)
    verdict = judge(tmp_path / "a.tiff", quiet=400.0)
    assert isinstance(verdict, Bad)
    assert said in verdict.reason
    assert "MRC" not in verdict.reason


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.mrc.gz", b"\x1f\x8b\x08" + bytes(99), "decompress it first: gunzip a.mrc.gz"),
        ("a.mrc.bz2", b"BZh9" + bytes(99), "decompress it first: bunzip2 a.mrc.bz2"),
        ("a.tif", b"<html>404</html>", "a web page"),
        ("a.mrc", b"\x89PNG" + bytes(2000), "a PNG picture"),
    ],
)
def test_nobody_waits_for_what_is_no_movie(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    """The first look tells, and it is not called a part of a movie."""
    (tmp_path / name).write_bytes(content)
    verdict = judge(tmp_path / name, quiet=0.0)
    assert isinstance(verdict, Bad)
    assert said in verdict.reason
    assert verdict.told.startswith("it cannot be read: expected ")
    assert not verdict.not_whole


def test_nobody_waits_for_a_compression_that_is_not_read(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", FRAMES[:3], compression="jpegxl", photometric="minisblack")
    verdict = judge(tmp_path / "a.tif", quiet=0.0)
    assert isinstance(verdict, Bad)
    assert "TIFF compression 50002 (JPEGXL)" in verdict.reason


def test_what_is_not_whole_is_called_so(tmp_path: Path) -> None:
    _tiff(tmp_path / "a.tif")
    (tmp_path / "a.tif").write_bytes((tmp_path / "a.tif").read_bytes()[:9000])
    verdict = judge(tmp_path / "a.tif", quiet=400.0)
    assert isinstance(verdict, Bad)
    assert verdict.told.startswith("it is not whole: expected a whole TIFF file")


@pytest.mark.parametrize("extra", [1, 700])
def test_bytes_behind_the_last_frame_of_an_mrc_are_told(tmp_path: Path, extra: int) -> None:
    _mrc(tmp_path / "a.mrc", 4)
    raw = (tmp_path / "a.mrc").read_bytes()
    (tmp_path / "a.mrc").write_bytes(raw + bytes([3]) * extra)
    verdict = judge(tmp_path / "a.mrc", expected_frames=4, quiet=400.0)
    assert isinstance(verdict, Bad)
    assert f"expected {len(raw)} bytes by its header, found {len(raw) + extra}" in verdict.reason


def test_a_stack_with_one_directory_is_whole_with_all_its_frames(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", FRAMES[:8], imagej=True, truncate=True)
    verdict = judge(tmp_path / "a.tif", expected_frames=8)
    assert isinstance(verdict, Whole)
    assert verdict.facts.frames == 8


def test_a_folder_that_is_called_as_a_movie(tmp_path: Path) -> None:
    (tmp_path / "x.mrc").mkdir()
    verdict = judge(tmp_path / "x.mrc")
    assert isinstance(verdict, Bad)
    assert "found a folder" in verdict.reason
