"""Xmipp's alignments get what they take, and what they leave is looked at."""

import ast
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from icestream.formats import read_mrc, read_stack, write_mrc
from icestream.model import Movie
from icestream.protocol import BadOutput, ItemFailed, TryAgain, Work, missing
from icestream.protocol.conformance import problems
from icestream_xmipp.agree_on_picks import AgreeOnPicksWithXmipp
from icestream_xmipp.align_by_correlation import AlignByXmippCorrelation
from icestream_xmipp.align_by_flow import AlignByXmippFlow
from icestream_xmipp.align_by_flow_gpu import AlignByXmippFlowGpu
from icestream_xmipp.align_with_flexalign import AlignWithFlexAlign, FlexAlignParameters
from icestream_xmipp.correlation import CorrelationParameters
from icestream_xmipp.estimate_ctf import EstimateCtfWithXmipp
from icestream_xmipp.estimate_gain import EstimateGainWithXmipp
from icestream_xmipp.flow import FlowParameters
from icestream_xmipp.frames import FRAMES, GAIN, lay_out_frames
from icestream_xmipp.pick_particles import PickWithXmipp
from icestream_xmipp.screen_particles import ScreenParticlesWithXmipp

Install = Callable[..., Path]
MOVES = np.array([(0, 0), (1, -2), (3, -3), (4, -5), (6, -6)])
ALL = (
    AgreeOnPicksWithXmipp, AlignByXmippCorrelation, AlignByXmippFlow, AlignByXmippFlowGpu,
    AlignWithFlexAlign, EstimateCtfWithXmipp, EstimateGainWithXmipp, PickWithXmipp,
    ScreenParticlesWithXmipp,
)  # fmt: skip
BY_CORRELATION = (AlignByXmippCorrelation, AlignWithFlexAlign)
SMALL = {"resolution_max": 8.0}


@pytest.mark.parametrize("kind", ALL)
def test_they_keep_the_rules(kind: type[Any]) -> None:
    assert problems(kind) == []


def test_nothing_is_imported_but_what_a_plugin_may() -> None:
    allowed = {"units", "model", "formats", "processing", "protocol"}
    for path in (Path(__file__).parents[1] / "src" / "icestream_xmipp").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                layers = name.split(".")
                assert layers[0] != "icestream" or layers[1] in allowed, (path.name, name)


def test_the_arguments_are_the_programs_own(movie: Movie, work: Work) -> None:
    common = (
        "-i frames.xmd -o shifts.xmd --oavg sum.mrc --sampling 0.8 --maxResForCorrelation 30 "
        "--maxShift 50 --frameRange 0 3 --frameRangeSum 0 3"
    )
    some = CorrelationParameters(first_frame=2)
    plain = AlignByXmippCorrelation(some).command(movie, work).argv
    assert " ".join(plain[1:]) == f"{common} --skipLocalAlignment"
    wanted = FlexAlignParameters(first_frame=2, binning=2)
    local = AlignWithFlexAlign(wanted).command(movie, work).argv
    assert " ".join(local[1:]) == (
        f"{common} --bin 2 --controlPoints 3 3 3 --minLocalRes 500 --patchesAvg 3 --device 0"
    )
    large = replace(movie, shape=(4092, 5760), frames=50, gain=Path("gain.mrc"))
    told = AlignWithFlexAlign(FlexAlignParameters(patches=9)).command(large, work).argv
    assert " ".join(told[19:]) == (
        "--gain gain.mrc --controlPoints 6 5 10 --patches 9 9 --minLocalRes 500 --patchesAvg 3 "
        "--device 0"
    )
    assert AlignWithFlexAlign().need().gpus == 1 and AlignByXmippCorrelation().need().gpus == 0


def test_the_arguments_of_the_flow_are_the_programs_own(movie: Movie, work: Work) -> None:
    common = "-i frames.xmd -o shifts.xmd --oavg sum.mrc"
    plain = AlignByXmippFlow().command(movie, work).argv
    assert " ".join(plain[1:]) == f"{common} --frameRange 0 4 --winSize 150 --groupSize 1"
    wanted = FlowParameters(dose_weighting=True, first_frame=3, in_memory=True)
    told = AlignByXmippFlowGpu(wanted).command(movie, work).argv
    assert " ".join(told[1:]) == (
        f"{common} --frameRange 0 2 --winSize 150 --groupSize 1 --inmemory "
        "--doseCorrection 1.2 0.8 300 2.4 post --oUnc plain.mrc plain.mrcs --gpu 0"
    )
    for lacking, code in (
        (replace(movie, frame_doses=(1.0,) * 5), "varied-dose"),
        (replace(movie, optics=replace(movie.optics, voltage=120.0)), "bad-voltage"),
    ):
        with pytest.raises(ItemFailed) as told_off:
            AlignByXmippFlow(wanted).command(lacking, work)
        assert told_off.value.code == code


@pytest.mark.parametrize("kind", BY_CORRELATION)
def test_a_movie_is_aligned(
    kind: type[Any], install: Install, movie: Movie, work: Work, counts: NDArray[np.uint8]
) -> None:
    install(kind.program.executable)
    protocol = kind(kind.parameters_type()(**SMALL))
    assert missing(protocol) == ()
    assert protocol.software()["Xmipp"] == "3.25.06.0"
    made = protocol.process(movie, work=work)
    assert made.motion is not None
    # What moved by so much is shifted back by as much, onto the frame that the sum lies on.
    np.testing.assert_allclose(made.motion.shifts, MOVES[2] - MOVES, atol=1e-6)
    assert (made.shape, made.frames, made.unweighted) == ((64, 96), 5, None)
    # As the frames lie in icestream, and not as the rows follow each other in the TIFF.
    middle = np.roll(counts[0], MOVES[2], (0, 1))
    np.testing.assert_allclose(read_mrc(made.path), middle, atol=1e-4)
    assert made.path.name == "a.mrc" and made.thumbnail is not None and made.tracks is not None
    assert "median motion" in protocol.summarize([made]) and list(protocol.plot([made]))


def test_pixels_are_made_larger(install: Install, movie: Movie, work: Work) -> None:
    install("xmipp_cuda_movie_alignment_correlation")
    wanted = FlexAlignParameters(binning=2, resolution_max=20, local_motion=False)
    made = AlignWithFlexAlign(wanted).process(movie, work=work)
    assert (made.shape, made.binning, made.optics.pixel_size) == ((32, 48), 2.0, 1.6)
    assert made.motion is not None and made.motion.pixel_size == 0.8
    assert "as a whole by FlexAlign" in AlignWithFlexAlign(wanted).methods()


def test_the_flow_has_no_track(install: Install, movie: Movie, work: Work) -> None:
    install("xmipp_movie_optical_alignment_gpu")
    protocol = AlignByXmippFlowGpu(FlowParameters(dose_weighting=True))
    assert missing(protocol) == ()
    made = protocol.process(movie, work=work)
    assert made.motion is None and made.tracks is None
    assert made.unweighted == work.path("a_unweighted.mrc") and made.unweighted.is_file()
    np.testing.assert_allclose(10 * read_mrc(made.path), read_mrc(made.unweighted), rtol=1e-5)
    assert protocol.summarize([made]) == "1 movies aligned"
    assert protocol.methods().endswith("for radiation damage where the dose is known.")


def test_gain_and_defects_come_as_they_lie(movie: Movie, work: Work, tmp_path: Path) -> None:
    factors = np.random.default_rng(3).uniform(0.8, 1.2, (64, 96)).astype(np.float32)
    factors[5, 7] = 0  # dead
    (tmp_path / "defects.txt").write_text("30 20 2 1\n")  # x, y, width, height
    gain = write_mrc(tmp_path / "gain.mrc", factors)
    told = replace(movie, gain=gain, defects=tmp_path / "defects.txt")
    lay_out_frames(told, range(5), work)
    given, kept = read_mrc(work.path(GAIN)), read_stack(work.path(FRAMES))
    lay_out_frames(movie, range(5), work)
    before = read_stack(work.path(FRAMES))
    changed = np.argwhere((kept != before).any(axis=0))
    assert {tuple(place) for place in changed} <= {(5, 7), (20, 30), (20, 31)}
    assert len(changed) >= 2
    assert given[5, 7] == given[20, 30] == 1
    np.testing.assert_allclose(given[40:], factors[40:])


@pytest.mark.parametrize(
    ("played", "kind", "code"),
    [
        ("memory", TryAgain, "no-gpu-memory"),
        ("library", ItemFailed, "no-library"),
        ("hang", ItemFailed, "program-late"),
        ("half", BadOutput, "half-output"),
        ("flat", BadOutput, "garbage-output"),
        ("nothing", BadOutput, "no-output"),
        ("nan", BadOutput, "garbage-output"),
        ("short", BadOutput, "half-output"),
    ],
)
def test_failures_are_named(
    install: Install, movie: Movie, work: Work, monkeypatch: pytest.MonkeyPatch,
    played: str, kind: type[ItemFailed], code: str,
) -> None:  # fmt: skip
    install("xmipp_cuda_movie_alignment_correlation")
    monkeypatch.setenv("STAND_IN", played)
    wanted = FlexAlignParameters(**SMALL, timeout=3.0 if played == "hang" else 60.0)
    with pytest.raises(kind) as told:
        AlignWithFlexAlign(wanted).process(movie, work=work)
    assert told.value.code == code


def test_what_the_program_refuses_is_told(
    install: Install, movie: Movie, work: Work, tmp_path: Path
) -> None:
    install("xmipp_cuda_movie_alignment_correlation")
    codes = {}
    for name, wanted in {
        "pixels": {"resolution_max": 5.0},
        "points": {"patches": 3, **SMALL},
        "gpu": SMALL,
    }.items():
        granted = replace(work, gpus=()) if name == "gpu" else work
        with pytest.raises(ItemFailed) as told:
            AlignWithFlexAlign(FlexAlignParameters(**wanted)).process(movie, work=granted)
        codes[name] = told.value.code
    assert codes == {"pixels": "pixels-too-large", "points": "few-patches", "gpu": "no-gpu"}
    with pytest.raises(ItemFailed, match=r"frames 6 to 5 of .*; 2 are needed"):
        AlignByXmippCorrelation(CorrelationParameters(first_frame=6)).command(movie, work)
    broken = replace(movie, path=tmp_path / "not there.tiff")
    with pytest.raises(ItemFailed, match="cannot be read"):
        AlignWithFlexAlign().process(broken, work=work)


@pytest.mark.parametrize("kind", [AlignWithFlexAlign, AlignByXmippFlow])
def test_a_release_with_other_options_is_refused(
    kind: type[Any], install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    (said,) = missing(kind())
    assert "is not installed" in said
    install(kind.program.executable)
    monkeypatch.setenv("STAND_IN", "old")
    (said,) = missing(kind())
    assert "does not list the options that are needed" in said and "--more" in said


def test_another_help_is_another_version(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install("xmipp_movie_estimate_gain", "xmipp3-v5")
    gain = EstimateGainWithXmipp()
    said = gain.software()
    assert said["Xmipp"] == "v5" and said["xmipp_movie_estimate_gain"].startswith("sha256 ")
    monkeypatch.setenv("STAND_IN", "library")
    install("xmipp_movie_estimate_gain", "xmipp")
    assert missing(gain) and gain.software() == {}


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (FlexAlignParameters, {"control_points": 2}),
        (FlexAlignParameters, {"patches": 5, "control_points": 5}),
        (CorrelationParameters, {"first_frame": 4, "last_frame": 3}),
        (FlowParameters, {"group": 2, "dose_weighting": True}),
    ],
)
def test_values_that_do_not_go_together_are_refused(
    model: type[Any], values: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError, match=r"must|too small a dose"):
        model(**values)
