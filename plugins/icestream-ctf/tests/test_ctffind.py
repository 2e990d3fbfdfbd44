"""CTFFIND4 and CTFFIND5 are asked what they understand, and what they leave is looked at."""

import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from icestream.formats import read_mrc, read_mrc_header, write_tiff
from icestream.model import Micrograph
from icestream.protocol import BadOutput, ItemFailed, Work, missing
from icestream.protocol.conformance import problems
from icestream_ctf.estimate_with_ctffind4 import EstimateWithCtffind4
from icestream_ctf.estimate_with_ctffind5 import Ctffind5Parameters, EstimateWithCtffind5
from icestream_ctf.parameters import CtffindParameters

Install = Callable[[str, str], Path]
PROGRAMS = ["stand-in", *(["real"] if shutil.which("ctffind") else [])]
"""Debian has it from 13 on. Its build asks and refuses as the stand-in does, and does not come to
the end of a fit."""
SMALL = {"box": 128, "defocus_min": 1.0, "defocus_max": 2.0}


@pytest.mark.parametrize("kind", [EstimateWithCtffind4, EstimateWithCtffind5])
def test_they_keep_the_rules(kind: type[Any]) -> None:
    assert problems(kind) == []


def test_the_answers_are_in_the_units_and_the_order_of_the_program(
    micrograph: Micrograph, work: Work
) -> None:
    wanted = CtffindParameters(astigmatism=200, phase_plate=True, phase_min=60, phase_max=120)
    said = EstimateWithCtffind4(wanted).command(micrograph, work)
    assert said.argv == ("ctffind",) and said.environment == {"LC_ALL": "C"}
    assert " ".join(said.answers) == (
        "micrograph.mrc spectrum.mrc 0.83 300 2.7 0.1 512 30 5 5000 50000 100 no no yes 200 "
        "yes 1.047198 2.094395 0.1745 no no"
    )
    five = EstimateWithCtffind5(Ctffind5Parameters(tilt=True, thickness=True))
    assert five.command(micrograph, work).answers[12:] == (
        "no", "no", "no", "no", "yes", "yes", "yes", "yes", "30", "3", "no", "no", "no",
    )  # fmt: skip


def test_the_values_of_ctffind4_become_ours(
    install: Install, micrograph: Micrograph, work: Work
) -> None:
    install("ctffind", "4.1.14")
    protocol = EstimateWithCtffind4(CtffindParameters(**SMALL))
    assert missing(protocol) == () and protocol.software() == {"ctffind": "4.1.14"}
    made = protocol.process(micrograph, work=work)
    assert (made.defocus_u, made.defocus_v) == (15500.0, 14500.0)
    assert made.angle == pytest.approx(-21.575969)
    assert (made.score, made.resolution, made.phase_shift) == (0.25, 4.598205, 0.0)
    assert (made.doubt, made.gradient, made.thickness) == ("", None, None)
    assert made.optics.pixel_size == 0.83 and made.shape == (64, 96)
    assert made.curve is not None and made.curve.shape == (3, 8)
    np.testing.assert_allclose(made.curve[2], np.cos(20 * made.curve[0]) ** 2, atol=1e-5)
    np.testing.assert_allclose(made.curve[1] ** 2, 0.64 * made.curve[2], atol=1e-5)
    assert made.spectrum is not None and made.spectrum.is_file()
    assert made.spectrum_image == work.path("a_ctf.mrc")
    assert read_mrc(work.path("a_ctf.mrc")).shape == (128, 128)
    kept = work.path("ctffind.command.log").read_text()
    assert "<< 'END'\nmicrograph.mrc\n" in kept
    assert "4.1.14" in work.path("ctffind.values.log").read_text()
    assert "fitted to a median of 4.6 Å; defocus 1.50 to 1.50 µm" in protocol.summarize([made])
    assert [figure.title for figure in protocol.plot([made])][-1] == "Fit resolution"
    assert "CTFFIND4" in protocol.methods()


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_number_that_it_does_not_take_is_told(
    install: Install, micrograph: Micrograph, work: Work, program: str
) -> None:
    if program == "stand-in":
        install("ctffind", "4.1.14")
    strange = replace(micrograph, optics=replace(micrograph.optics, amplitude_contrast=-0.1))
    with pytest.raises(ItemFailed) as told:
        EstimateWithCtffind4(CtffindParameters(**SMALL)).process(strange, work=work)
    assert told.value.code == "out-of-range"


@pytest.mark.parametrize("by_metadata", [True, False])
def test_a_phase_shift_comes_in_radians(
    install: Install, micrograph: Micrograph, work: Work, by_metadata: bool
) -> None:
    install("ctffind", "4.1.13")
    wanted = CtffindParameters(**SMALL, phase_plate=not by_metadata, phase_min=30, phase_max=150)
    made = EstimateWithCtffind4(wanted).process(
        replace(micrograph, phase_plate=by_metadata), work=work
    )
    assert made.phase_shift == pytest.approx(90.0, abs=1e-3)


def test_the_larger_defocus_goes_first_whatever_the_program_does(
    install: Install, micrograph: Micrograph, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("ctffind", "4.1.14")
    monkeypatch.setenv("STAND_IN", "swapped")
    made = EstimateWithCtffind4(CtffindParameters(**SMALL)).process(micrograph, work=work)
    assert (made.defocus_u, made.defocus_v) == (15500.0, 14500.0)
    assert made.angle == pytest.approx(90 - 21.575969)


def test_builds_of_cistem_that_ask_for_a_tilt_are_answered(
    install: Install, micrograph: Micrograph, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("ctffind", "4.1.14")
    monkeypatch.setenv("STAND_IN", "nightly")
    EstimateWithCtffind4(CtffindParameters(**SMALL)).process(micrograph, work=work)
    assert "Determine sample tilt?" in work.path("ctffind.log").read_text()


def test_tilt_and_thickness_are_those_of_ctffind5(
    install: Install, micrograph: Micrograph, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("ctffind5", "5.0.2")
    protocol = EstimateWithCtffind5(Ctffind5Parameters(**SMALL, tilt=True, thickness=True))
    assert missing(protocol) == () and protocol.software() == {"ctffind5": "5.0.2"}
    made = protocol.process(micrograph, work=work)
    assert made.thickness == pytest.approx(1619.773438)
    assert made.tilt == pytest.approx(30.0)
    slope = math.tan(math.radians(30))
    away = made.defocus_at(np.array([47.5, 57.5]), np.array([41.5, 31.5]))
    # By the formula of the program: x sin(axis) + y cos(axis), from the center.
    along_y = 10 * 0.83 * slope * math.cos(math.radians(120))
    along_x = 10 * 0.83 * slope * math.sin(math.radians(120))
    np.testing.assert_allclose(away, [along_y, along_x], rtol=1e-5)
    assert made.curve is not None
    np.testing.assert_allclose(made.curve[2], np.abs(np.cos(20 * made.curve[0])), atol=1e-5)
    monkeypatch.setenv("STAND_IN_TILT", "6")
    assert protocol.process(micrograph, work=work).gradient is None
    plain = EstimateWithCtffind5(Ctffind5Parameters(**SMALL)).process(micrograph, work=work)
    assert (plain.thickness, plain.gradient) == (None, None)
    both = protocol.process(replace(micrograph, phase_plate=True), work=work)
    assert both.gradient is None and both.phase_shift == pytest.approx(90.0, abs=1e-3)


def test_what_the_program_does_not_read_is_made_over(
    install: Install, micrograph: Micrograph, work: Work, tmp_path: Path
) -> None:
    install("ctffind", "4.1.14")
    pixels = np.random.default_rng(2).integers(0, 99, (64, 96)).astype(np.uint16)
    path = tmp_path / "a.tiff"
    write_tiff(path, pixels[None])
    protocol = EstimateWithCtffind4(CtffindParameters(**SMALL))
    protocol.process(replace(micrograph, unweighted=None, path=path), work=work)
    assert read_mrc_header(work.path("micrograph.mrc")).mode == 2
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(ItemFailed) as told:
        protocol.process(replace(micrograph, unweighted=None, path=path), work=work)
    assert told.value.code == "micrograph-not-readable"


def test_no_ring_is_a_doubt_and_no_resolution(
    install: Install, micrograph: Micrograph, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("ctffind", "4.1.14")
    monkeypatch.setenv("STAND_IN", "lost")
    protocol = EstimateWithCtffind4(CtffindParameters(**SMALL))
    made = protocol.process(micrograph, work=work)
    assert (made.resolution, made.doubt) == (30.0, "the program could follow no ring")
    assert "on 1 no ring could be followed" in protocol.summarize([made])


@pytest.mark.parametrize(
    ("played", "kind", "code"),
    [
        ("questions", ItemFailed, "other-questions"),
        ("library", ItemFailed, "no-library"),
        ("crash", ItemFailed, "crash"),
        ("hang", ItemFailed, "program-late"),
        ("corrupt", ItemFailed, "micrograph-not-readable"),
        ("half", BadOutput, "half-output"),
        ("short", BadOutput, "half-output"),
        ("empty", BadOutput, "half-output"),
        ("curves", BadOutput, "half-output"),
        ("nothing", BadOutput, "no-output"),
        ("nan", BadOutput, "garbage-output"),
        ("nonsense", BadOutput, "garbage-output"),
    ],
)
def test_failures_are_named(
    install: Install, micrograph: Micrograph, work: Work, monkeypatch: pytest.MonkeyPatch,
    played: str, kind: type[ItemFailed], code: str,
) -> None:  # fmt: skip
    install("ctffind", "4.1.14")
    monkeypatch.setenv("STAND_IN", played)
    wanted = CtffindParameters(**SMALL, timeout=3.0 if played == "hang" else 60.0)
    with pytest.raises(kind) as told:
        EstimateWithCtffind4(wanted).process(micrograph, work=work)
    assert told.value.code == code
    assert work.path("ctffind.log").is_file()


def test_the_crash_of_other_languages_is_avoided(
    install: Install, micrograph: Micrograph, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("ctffind", "4.1.14")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("STAND_IN", "locale")
    EstimateWithCtffind4(CtffindParameters(**SMALL)).process(micrograph, work=work)


def test_another_version_is_refused(install: Install) -> None:
    install("ctffind", "5.0.2")
    (said,) = missing(EstimateWithCtffind4())
    assert "is version 5.0.2, and 4.1.x is needed" in said
    install("ctffind5", "6.0")
    assert "5.0.x is needed" in missing(EstimateWithCtffind5())[0]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"defocus_min": 3.0, "defocus_max": 2.0}, "defocus_max"),
        ({"phase_min": 90.0, "phase_max": 60.0}, "phase_max"),
        ({"phase_max": 5.0}, "phase_step"),
        ({"tilt": True, "phase_plate": True}, "not fitted together"),
        ({"node_resolution_max": 15.0, "node_resolution_min": 9.0}, "must be finer"),
    ],
)
def test_what_holds_nothing_is_refused(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Ctffind5Parameters(**values)
