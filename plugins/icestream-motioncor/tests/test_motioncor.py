"""MotionCor2 and MotionCor3 get what they take, and what they leave is looked at."""

import ast
import os
import re
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from icestream.formats import read_mrc, write_eer, write_mrc, write_tiff
from icestream.model import Movie, Optics
from icestream.model.gain import Orientation
from icestream.protocol import BadOutput, ItemFailed, TryAgain, Work, missing
from icestream.protocol.conformance import problems
from icestream_motioncor.align_with_motioncor2 import AlignWithMotionCor2
from icestream_motioncor.align_with_motioncor3 import AlignWithMotionCor3
from icestream_motioncor.outputs import read_shifts
from icestream_motioncor.parameters import MotionCorParameters

SOURCE = Path(__file__).parents[1] / "src" / "icestream_motioncor"
LOGS = Path(os.environ.get("ICESTREAM_TEST_DATA", "../shared/data")) / "program_logs" / "motioncor2"
BOTH = (AlignWithMotionCor2, AlignWithMotionCor3)
SHAPE = (64, 96)
COUNTS = np.random.default_rng(1).poisson(3.0, (5, *SHAPE)).astype(np.uint8)

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts a stand-in of a name and a version onto a PATH on which nothing else is."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv("ICESTREAM_PROGRAM_PLACES", "{}")

    def write(name: str, version: str = "") -> Path:
        version = version or {"MotionCor2": "1.6.4", "MotionCor3": "1.2.1"}[name]
        path = folder / name
        stand_in = Path(__file__).with_name("stand_in.py")
        words = f'exec "{sys.executable}" "{stand_in}" {name} "{version.strip()}" "$@"'
        # A hang begins before Python does, which may take long on a busy machine.
        hang = '[ "$STAND_IN" = hang ] && { touch started; sleep 600 & wait; }'
        path.write_text(f"#!/bin/sh\n{hang}\n{words}\n")
        path.chmod(0o755)
        return path

    return write


@pytest.fixture
def movie(tmp_path: Path) -> Movie:
    path = tmp_path / "a movie.tiff"
    write_tiff(path, COUNTS)
    return Movie(
        exposure="a",
        path=path,
        frames=len(COUNTS),
        shape=SHAPE,
        optics=Optics(pixel_size=0.8, voltage=300.0),
        dose_per_frame=1.2,
    )


def work(tmp_path: Path, gpus: tuple[int, ...] = (3,)) -> Work:
    folder = tmp_path / "work"
    folder.mkdir(exist_ok=True)
    return Work(folder=folder, exposure="a", gpus=gpus)


@pytest.mark.parametrize("kind", BOTH)
def test_they_keep_the_rules(kind: type[Any]) -> None:
    assert problems(kind) == []


def test_nothing_is_imported_but_what_a_plugin_may() -> None:
    allowed = {"units", "model", "formats", "processing", "protocol"}
    for path in SOURCE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                layers = name.split(".")
                assert layers[0] != "icestream" or layers[1] in allowed, (path.name, name)


def test_the_arguments_are_the_programs_own(movie: Movie, tmp_path: Path) -> None:
    wanted = MotionCorParameters(patches=7, binning=2, first_frame=2, halves=True)
    folder = tmp_path / "work"
    said = AlignWithMotionCor2(wanted).command(movie, work(tmp_path)).argv
    assert " ".join(said[3:]) == (
        f"-OutMrc {folder}/sum.mrc -Throw 1 -Trunc 0 -PixSize 0.8 -kV 300 -FmDose 1.2 "
        "-InitDose 1.2 -SumRange 0 0 -Patch 7 7 -Group 1 -Iter 15 -Tol 0.1 -Bft 500 100 -FtBin 2 "
        "-SplitSum 1 -GpuMemUsage 0.5 -Gpu 0"
    )
    assert said[:3] == ("MotionCor2", "-InTiff", str(movie.path))
    three = AlignWithMotionCor3(wanted).command(movie, work(tmp_path)).argv
    assert set(three) - set(said) == {"MotionCor3", "-Cs"}


@pytest.mark.parametrize("kind", BOTH)
def test_a_movie_is_aligned(
    kind: type[Any], install: Install, movie: Movie, tmp_path: Path
) -> None:
    install(kind.program.executable)
    protocol = kind(MotionCorParameters(halves=True))
    assert missing(protocol) == ()
    found = kind.program.found()
    asked = replace(work(tmp_path), programs={kind.program.executable: found})
    made = protocol.process(movie, work=asked)
    assert made.path.name == "a_DW.mrc"
    assert made.unweighted is not None and made.unweighted.name == "a.mrc"
    total = COUNTS.sum(axis=0)
    np.testing.assert_allclose(read_mrc(made.unweighted), total, atol=1e-3)
    assert made.odd is not None and made.even is not None
    np.testing.assert_allclose(read_mrc(made.odd) + read_mrc(made.even), total, atol=1e-3)
    assert made.motion is not None
    # The sum lies on the frame that has 0.
    np.testing.assert_allclose(made.motion.shifts[:, 1], [-1, -0.5, 0, 0.5, 1], atol=1e-6)
    np.testing.assert_allclose(made.motion.shifts[:, 0], [0.5, 0.25, 0, -0.25, -0.5], atol=1e-6)
    assert (made.shape, made.binning, made.optics.pixel_size) == (SHAPE, 1.0, 0.8)
    assert not list((tmp_path / "work").glob("*_DWS.mrc"))
    kept = (tmp_path / "work" / f"{kind.program.executable}.command.log").read_text()
    assert kept.startswith(f"# {kind.program.executable} {kind.program.version()}\n")
    assert made.thumbnail is not None and made.thumbnail.is_file()


def test_super_resolution_is_binned_and_the_dose_may_be_unknown(
    install: Install, movie: Movie, tmp_path: Path
) -> None:
    install("MotionCor3")
    unknown = replace(movie, dose_per_frame=0.0)
    made = AlignWithMotionCor3(MotionCorParameters(binning=2)).process(unknown, work=work(tmp_path))
    assert (made.path.name, made.unweighted, made.shape) == ("a.mrc", None, (32, 48))
    assert (made.binning, made.optics.pixel_size) == (2.0, 1.6)
    large = replace(movie, shape=(11520, 8184))
    assert MotionCorParameters().binning_of(large) == 2.0


@pytest.mark.parametrize("orientation", [Orientation(), Orientation(rotation=180, flip="up-down")])
def test_the_gain_is_laid_as_it_is_everywhere(
    install: Install, movie: Movie, tmp_path: Path, orientation: Orientation
) -> None:
    install("MotionCor2")
    factors = np.random.default_rng(2).uniform(0.8, 1.2, SHAPE).astype(np.float32)
    gain = write_mrc(tmp_path / "gain.mrc", factors)
    oriented = replace(movie, gain=gain, gain_orientation=orientation)
    made = AlignWithMotionCor2().process(oriented, work=work(tmp_path))
    assert made.unweighted is not None
    total = COUNTS.sum(axis=0) * orientation.turn(factors)
    np.testing.assert_allclose(read_mrc(made.unweighted), total, rtol=1e-4, atol=1e-3)


def test_defects_and_doses_that_differ_are_told(
    install: Install, movie: Movie, tmp_path: Path
) -> None:
    install("MotionCor3")
    defects = tmp_path / "defects.txt"
    defects.write_text("3 4 2 1\n")
    doses = (0.5, 0.5, 1.5, 1.5, 2.0)
    varied = replace(movie, frame_doses=doses, dose_per_frame=1.2, defects=defects)
    AlignWithMotionCor3().process(varied, work=work(tmp_path))
    assert (tmp_path / "work" / "frames.txt").read_text() == "2 1 0.5\n2 1 1.5\n1 1 2\n"
    mask = read_mrc(tmp_path / "work" / "defects.mrc")
    assert mask.sum() == 2 and mask[4, 3] == mask[4, 4] == 1


def test_eer_is_grouped_as_the_movie_says(install: Install, tmp_path: Path) -> None:
    install("MotionCor2", "1.4.0")
    rng = np.random.default_rng(3)
    places = [rng.integers(0, 4 * 128, (400, 2)) for _ in range(6)]
    path = tmp_path / "a.eer"
    write_eer(path, places, (128, 128))
    movie = Movie(
        exposure="a",
        path=path,
        frames=3,
        shape=(256, 256),
        optics=Optics(pixel_size=0.4, voltage=300.0),
        dose_per_frame=1.0,
        eer_grouping=2,
        eer_upsampling=2,
    )
    made = AlignWithMotionCor2().process(movie, work=work(tmp_path))
    assert (tmp_path / "work" / "frames.txt").read_text() == "6 2 0.5\n"
    assert (made.shape, made.frames, made.eer_grouping) == ((128, 128), 3, 2)
    with pytest.raises(ItemFailed, match=r"which has 3 and is EER: change first_frame"):
        AlignWithMotionCor2(MotionCorParameters(first_frame=2)).process(movie, work=work(tmp_path))


@pytest.mark.parametrize(
    ("played", "kind", "code"),
    [
        ("memory", TryAgain, "no-gpu-memory"),
        ("library", ItemFailed, "no-cuda-library"),
        ("hang", ItemFailed, "program-late"),
        ("half", BadOutput, "half-output"),
        ("garbage", BadOutput, "garbage-output"),
        ("nothing", BadOutput, "no-output"),
        ("nan", BadOutput, "garbage-output"),
        ("frames", BadOutput, "garbage-output"),
    ],
)
def test_failures_are_named(
    install: Install,
    movie: Movie,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    played: str,
    kind: type[Any],
    code: str,
) -> None:
    install("MotionCor3")
    monkeypatch.setenv("STAND_IN", played)
    timeout = 3.0 if played == "hang" else 60.0
    with pytest.raises(kind) as told:
        AlignWithMotionCor3(MotionCorParameters(timeout=timeout)).process(
            movie, work=work(tmp_path)
        )
    assert told.value.code == code
    assert (tmp_path / "work" / "MotionCor3.log").is_file()
    if played == "hang":
        assert (tmp_path / "work" / "started").is_file()
        deadline = time.monotonic() + 10
        while _of(tmp_path / "work") and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not _of(tmp_path / "work")


def _of(folder: Path) -> list[str]:
    """Processes that run in a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink() == folder:
                found.append(entry.name)
        except OSError:
            continue
    return found


def test_a_gpu_that_is_not_there_is_told(install: Install, movie: Movie, tmp_path: Path) -> None:
    install("MotionCor3")
    with pytest.raises(ItemFailed) as told:
        AlignWithMotionCor3().process(movie, work=work(tmp_path, gpus=()))
    assert told.value.code == "no-gpu"


def test_the_granted_gpus_are_used_by_their_place(
    install: Install, movie: Movie, tmp_path: Path
) -> None:
    install("MotionCor3")
    AlignWithMotionCor3().process(movie, work=work(tmp_path, gpus=(2, 5)))
    assert "GPU 1 memory" in (tmp_path / "work" / "MotionCor3.log").read_text()
    assert AlignWithMotionCor3(MotionCorParameters(gpus=2)).need().gpus == 2


def test_a_gain_of_another_size_is_told_though_the_program_ends_well(
    install: Install, movie: Movie, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("MotionCor2")
    gain = write_mrc(tmp_path / "gain.mrc", np.ones(SHAPE, np.float32))
    protocol = AlignWithMotionCor2()
    prepare = protocol.prepare

    def smaller(work: Work, movie: Movie) -> None:
        prepare(work, movie)
        write_mrc(work.path("gain.mrc"), np.ones((8, 8), np.float32))

    monkeypatch.setattr(protocol, "prepare", smaller)
    with pytest.raises(ItemFailed) as told:
        protocol.process(replace(movie, gain=gain), work=work(tmp_path))
    assert told.value.code == "gain-size"

    def of_integers(work: Work, movie: Movie) -> None:
        write_mrc(work.path("gain.mrc"), np.ones(SHAPE, np.int16))

    monkeypatch.setattr(protocol, "prepare", of_integers)
    with pytest.raises(BadOutput) as told:
        protocol.process(replace(movie, gain=gain), work=work(tmp_path))
    assert told.value.code == "gain-skipped"


@pytest.mark.parametrize(
    ("version", "group_local", "words"),
    [
        ("1.6.4", 4, ""),
        ("1.5.3", 0, ""),
        ("1.5.3", 4, "MotionCor2 1.5.3 at .* takes one number for -Group"),
        ("1.3.2", 0, "1.4.x or 1.5.x or 1.6.x is needed"),
        ("2.0", 0, "is of a version that is not known here"),
        (" ", 0, "does not say which version it is: asked by .*Segmentation fault"),
    ],
)
def test_the_version_decides(
    install: Install, movie: Movie, tmp_path: Path, version: str, group_local: int, words: str
) -> None:
    install("MotionCor2", version)
    protocol = AlignWithMotionCor2(MotionCorParameters(group_local=group_local))
    said = " ".join(missing(protocol))
    if words:
        assert re.search(words, said), said
    else:
        assert not said
        protocol.process(movie, work=work(tmp_path))


def test_a_program_that_is_not_there_is_told(install: Install) -> None:
    (said,) = missing(AlignWithMotionCor3())
    assert "is not installed" in said and "programs.MotionCor3 in the settings" in said


def test_a_log_of_the_real_program_is_read() -> None:
    path = LOGS / "motioncor2_1.5.0_log.txt"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    shifts = read_shifts(path.read_text())
    assert shifts.shape == (16, 2)
    np.testing.assert_allclose(shifts[0], [8.51, 2.46], atol=1e-9)
    np.testing.assert_allclose(shifts[8], [0, 0], atol=1e-9)  # which the sum lies on
    np.testing.assert_allclose(shifts[-1], [-4.60, -1.32], atol=1e-9)


def test_a_file_of_another_name_is_told(movie: Movie, tmp_path: Path) -> None:
    with pytest.raises(ItemFailed, match="tells apart by the name: rename the movies"):
        AlignWithMotionCor2().command(replace(movie, path=Path("a.dm4")), work(tmp_path))
