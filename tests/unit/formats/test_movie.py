"""Movies of any container, and that they lie as RELION reads them."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from icestream.formats.eer import write_eer
from icestream.formats.errors import FormatError
from icestream.formats.movie import movie_facts, open_movie
from icestream.formats.mrc import read_mrc, write_mrc
from icestream.formats.tiff import write_tiff
from icestream.model import Orientation

RNG = np.random.default_rng(5)


def _frames(count: int = 5, shape: tuple[int, int] = (20, 30)) -> NDArray[np.uint8]:
    return RNG.poisson(2.0, (count, *shape)).astype(np.uint8)


def _write(path: Path, frames: NDArray[np.uint8]) -> None:
    if path.suffix == ".mrcs":
        write_mrc(path, frames, 1.5)
    else:
        write_tiff(path, frames, pixel_size=1.5)


@pytest.mark.parametrize("name", ["a.mrcs", "a.tiff"])
def test_a_movie_is_read_frame_by_frame_and_whole(tmp_path: Path, name: str) -> None:
    frames = _frames()
    _write(tmp_path / name, frames)
    with open_movie(tmp_path / name) as movie:
        assert (movie.frames, movie.shape) == (5, (20, 30))
        np.testing.assert_array_equal(movie.read(3), frames[3])
        np.testing.assert_array_equal(movie.read_all(), frames)
        np.testing.assert_array_equal(movie.read_all(threads=3), frames)
        assert movie.read_all().dtype == movie.dtype
        with pytest.raises(IndexError, match="frame 5 of 5"):
            movie.read(5)
    facts = movie_facts(tmp_path / name)
    assert (facts.frames, facts.shape, facts.container) == (5, (20, 30), movie.container)
    assert facts.pixel_size == pytest.approx(1.5)
    assert facts.size == (tmp_path / name).stat().st_size


def _electrons(count: int, frames: int, shape: tuple[int, int]) -> list[NDArray[np.int64]]:
    return [
        np.stack([RNG.integers(0, 4 * side, count) for side in shape], axis=1)
        for _ in range(frames)
    ]


def test_eer_frames_are_grouped_and_the_rest_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.eer"
    frames = _electrons(150, 11, (16, 24))
    write_eer(path, frames, (16, 24), metadata={"numberOfFrames": "11"})
    facts = movie_facts(path)
    assert (facts.frames, facts.expected_frames, facts.container) == (11, 11, "eer")
    with open_movie(path) as movie:
        single = movie.read_all()
    assert single.shape == (11, 16, 24)
    with open_movie(path, 4) as movie:
        assert (movie.frames, movie.shape, movie.dtype) == (2, (16, 24), np.uint8)
        np.testing.assert_array_equal(movie.read(1), single[4:8].sum(axis=0))
        np.testing.assert_array_equal(movie.read_all(2), single[:8].reshape(2, 4, 16, 24).sum(1))
    with open_movie(path, 4, eer_upsampling=2) as movie:
        assert movie.shape == (32, 48)
        binned = movie.read(1).reshape(16, 2, 24, 2).sum(axis=(1, 3))
        np.testing.assert_array_equal(binned, single[4:8].sum(axis=0))
    with pytest.raises(FormatError, match="at least 12 camera frames"):
        open_movie(path, 12)
    with pytest.raises(ValueError, match="eer_grouping"):
        open_movie(path, 0)


def test_the_name_does_not_matter(tmp_path: Path) -> None:
    write_tiff(tmp_path / "a.mrc", _frames())
    write_mrc(tmp_path / "b.tif", _frames())
    write_eer(tmp_path / "c.tif", _electrons(5, 2, (8, 8)), (8, 8))
    assert movie_facts(tmp_path / "a.mrc").container == "tiff"
    assert movie_facts(tmp_path / "b.tif").container == "mrc"
    assert movie_facts(tmp_path / "c.tif").container == "eer"
    with open_movie(tmp_path / "a.mrc") as movie:
        assert movie.container == "tiff"


def test_foreign_files(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(b"nothing of the kind")
    with pytest.raises(FormatError):
        open_movie(tmp_path / "a.tif")
    with pytest.raises(FormatError):
        movie_facts(tmp_path / "a.tif")


def _relion(folder: Path, movie: str, *options: str) -> NDArray[Any]:
    """RELION's own sum of a movie."""
    star = folder / "in.star"
    star.write_text(
        "data_optics\n\nloop_\n_rlnOpticsGroupName #1\n_rlnOpticsGroup #2\n"
        "_rlnMicrographOriginalPixelSize #3\n_rlnVoltage #4\n_rlnSphericalAberration #5\n"
        "_rlnAmplitudeContrast #6\nog1 1 1.0 300 2.7 0.1\n\n"
        "data_movies\n\nloop_\n_rlnMicrographMovieName #1\n_rlnOpticsGroup #2\n"
        f"{movie} 1\n"
    )
    command = ["relion_run_motioncorr", "--i", "in.star", "--o", "out/", "--use_own", "--j", "1"]
    command += ["--skip_defect", *options]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
    return read_mrc(folder / "out" / (Path(movie).stem + ".mrc"))


needs_relion = pytest.mark.skipif(
    not shutil.which("relion_run_motioncorr"), reason="relion_run_motioncorr is not installed"
)


@needs_relion
@pytest.mark.parametrize("name", ["a.tiff", "a.mrcs"])
@pytest.mark.parametrize("reference", ["", "g.mrc", "g.tif"])
def test_relion_reads_movie_and_gain_the_same_way(
    tmp_path: Path, name: str, reference: str
) -> None:
    """The movie does not move, so its sum is the mean frame, each pixel at its place."""
    scene = RNG.poisson(20.0, (128, 160))
    scene[5:30, 10:60] += 80
    frames = RNG.poisson(scene, (4, 128, 160)).astype(np.uint8)
    frames[:] = frames[0]  # equal frames: the shifts found are zero
    _write(tmp_path / name, frames)
    gain = RNG.uniform(0.5, 2.0, (128, 160)).astype(np.float32)
    if reference.endswith("mrc"):
        write_mrc(tmp_path / reference, gain)
    elif reference:
        write_tiff(tmp_path / reference, gain)
    options = ("--gainref", reference) if reference else ()
    theirs = _relion(tmp_path, name, *options)
    with open_movie(tmp_path / name) as movie:
        ours = movie.read_all().sum(axis=0, dtype=np.float32)
        if reference:
            ours *= movie.read_gain(tmp_path / reference)
    assert theirs.shape == ours.shape
    np.testing.assert_allclose(theirs, ours, rtol=1e-3, atol=0.05)


@needs_relion
@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("flips", range(3))
def test_relion_lays_a_gain_reference_the_same_way(tmp_path: Path, turns: int, flips: int) -> None:
    """All twelve combinations of --gain_rot and --gain_flip, in our words."""
    frame = RNG.poisson(20.0, (96, 128)).astype(np.uint8)
    frame[5:30, 10:60] += 80
    write_mrc(tmp_path / "a.mrcs", np.stack([frame] * 3))
    gain = RNG.uniform(0.5, 2.0, (128, 96) if turns % 2 else (96, 128)).astype(np.float32)
    write_mrc(tmp_path / "g.mrc", gain)
    laid = ("--gain_rot", str(turns), "--gain_flip", str(flips))
    theirs = _relion(tmp_path, "a.mrcs", "--gainref", "g.mrc", *laid)
    orientation = Orientation(
        rotation=(0, 90, 180, 270)[turns], flip=("none", "up-down", "left-right")[flips]
    )
    with open_movie(tmp_path / "a.mrcs") as movie:
        ours = 3.0 * frame * movie.read_gain(tmp_path / "g.mrc", orientation)
    np.testing.assert_allclose(theirs, ours, rtol=1e-3, atol=0.05)


@needs_relion
@pytest.mark.slow
@pytest.mark.parametrize("reference", ["g.gain", "g.mrc", "g.tif"])
def test_relion_reads_eer_and_its_gain_the_same_way(tmp_path: Path, reference: str) -> None:
    electrons = _electrons(40_000, 1, (4096, 4096))
    electrons[0][:15_000] //= 8  # a bright corner
    write_eer(tmp_path / "a.eer", electrons * 3, (4096, 4096))
    gain = np.ones((4096, 4096), np.float32)
    gain[:1000] = 2.0
    gain[:, 3000:] = 0.5
    if reference.endswith("mrc"):
        write_mrc(tmp_path / reference, gain)
    else:
        write_tiff(tmp_path / reference, gain, compression=None)
    theirs = _relion(tmp_path, "a.eer", "--eer_grouping", "1", "--gainref", reference)
    with open_movie(tmp_path / "a.eer", 1) as movie:
        ours = movie.read_all().sum(axis=0) * movie.read_gain(tmp_path / reference)
    blocks = (8, 512, 8, 512)
    np.testing.assert_allclose(
        theirs.reshape(blocks).mean(axis=(1, 3)), ours.reshape(blocks).mean(axis=(1, 3)), rtol=1e-3
    )


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"compression": "jpegxl"}, "frame 3 of .* in compression 50002"),
        ({"dtype": "u2"}, "frame 3 of uint16"),
        ({"rowsperstrip": 4, "predictor": 2, "compression": "zlib"}, "frame 3 of"),
    ],
)
def test_one_frame_that_is_unlike_the_others(
    tmp_path: Path, more: dict[str, Any], said: str
) -> None:
    path = tmp_path / "a.tif"
    kind = more.pop("dtype", "u1")
    with tifffile.TiffWriter(path) as writer:
        for number, frame in enumerate(_frames(4)):
            options = more if number == 2 else {}
            stored = frame.astype(kind) if number == 2 else frame
            writer.write(
                stored, photometric="minisblack", contiguous=False, metadata=None, **options
            )
    for read in (movie_facts, open_movie):
        with pytest.raises(FormatError, match=said):
            read(path)


@pytest.mark.parametrize(
    ("words", "turn"),
    [
        ("SerialEMCCD: Dose frac. image, 4 bits packed  r/f 0", 0),
        ("SerialEMCCD: Dose frac. image, r/f 3", 3),
        ("super-res, r/f  7 ", 7),
        ("for/f 3 r/f 9", 0),
        ("", 0),
    ],
)
def test_how_serialem_turned_its_frames(tmp_path: Path, words: str, turn: int) -> None:
    frames = np.ones((2, 8, 10), np.int16)
    write_mrc(tmp_path / "a.mrc", frames, labels=["", words])
    write_tiff(tmp_path / "a.tif", frames, description=words)
    assert movie_facts(tmp_path / "a.mrc").turned == turn
    assert movie_facts(tmp_path / "a.tif").turned == turn
