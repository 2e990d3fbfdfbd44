"""Xmipp's CTF estimation gets what it takes, and its units become ours."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from icestream.formats import read_mrc, read_mrc_header
from icestream.model import Micrograph
from icestream.protocol import BadOutput, ItemFailed, Work, missing
from icestream_xmipp.estimate_ctf import EstimateCtfWithXmipp, XmippCtfParameters

Install = Callable[..., Path]
SMALL = {"box": 128, "defocus_min": 1.0, "defocus_max": 2.0}


@pytest.fixture
def both(install: Install) -> None:
    """Both programs."""
    install("xmipp_ctf_estimate_from_micrograph")
    install("xmipp_ctf_sort_psds")


def test_the_arguments_are_the_programs_own(micrograph: Micrograph, work: Work) -> None:
    fine = replace(micrograph, shape=(700, 900), optics=replace(micrograph.optics, pixel_size=0.5))
    wanted = XmippCtfParameters(phase_plate=True, refine_amplitude_contrast=True)
    assert " ".join(EstimateCtfWithXmipp(wanted).command(fine, work).argv) == (
        "xmipp_ctf_estimate_from_micrograph --micrograph micrograph.mrc --oroot ctf "
        "--sampling_rate 1.75 --downSamplingPerformed 3.5 --voltage 300 "
        "--spherical_aberration 2.7 --Q0 0.1 --defocusU 21250 --defocus_range 18750 "
        "--min_freq 0.05 --max_freq 0.35 --pieceDim 512 --ctfmodelSize 512 --overlap 0.7 "
        "--skipBorders 0 --acceleration1D --refine_amplitude_contrast --phase_shift 90 "
        "--VPP_radius 0.005 --selfEstimation"
    )
    assert XmippCtfParameters().factor_of(micrograph) == 1.0
    assert XmippCtfParameters(downsampling=2).factor_of(micrograph) == 2.0


@pytest.mark.usefixtures("both")
def test_the_values_of_xmipp_become_ours(micrograph: Micrograph, work: Work) -> None:
    protocol = EstimateCtfWithXmipp(XmippCtfParameters(**SMALL))
    assert missing(protocol) == ()
    assert set(protocol.software()) == {
        "Xmipp", "xmipp_ctf_estimate_from_micrograph", "xmipp_ctf_sort_psds"
    }  # fmt: skip
    made = protocol.process(micrograph, work=work)
    assert (made.defocus_u, made.defocus_v) == (15120.0, 14920.0)
    assert made.angle == pytest.approx(312.5 - 360), "between -90 and 90 degrees"
    assert (made.score, made.resolution, made.phase_shift, made.doubt) == (0.87, 3.4, 0.0, "")
    assert made.spectrum_image == work.path("a_ctf.mrc") and made.spectrum is not None
    assert read_mrc(made.spectrum_image).shape == (128, 128)
    assert "3.4 Å" in protocol.summarize([made]) and list(protocol.plot([made]))


@pytest.mark.usefixtures("both")
def test_pixels_are_made_larger_and_the_fit_is_of_the_micrographs_own(
    micrograph: Micrograph, work: Work
) -> None:
    fine = replace(micrograph, optics=replace(micrograph.optics, pixel_size=1.4))
    made = EstimateCtfWithXmipp(XmippCtfParameters(**SMALL)).process(fine, work=work)
    header = read_mrc_header(work.path("micrograph.mrc"))
    assert header.shape[-2:] == (128, 179) and made.optics.pixel_size == 1.4
    assert header.pixel_size == pytest.approx(1.75, abs=1e-4)


@pytest.mark.usefixtures("both")
def test_a_phase_shift_comes_in_degrees(micrograph: Micrograph, work: Work) -> None:
    phased = replace(micrograph, phase_plate=True)
    slow = XmippCtfParameters(**SMALL, fast=False)
    made = EstimateCtfWithXmipp(slow).process(phased, work=work)
    assert made.phase_shift == pytest.approx(95.0, abs=0.1)


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize(
    ("played", "kind", "code"),
    [
        ("library", ItemFailed, "no-library"),
        ("hang", ItemFailed, "program-late"),
        ("half", BadOutput, "half-output"),
        ("garbage", BadOutput, "half-output"),
        ("nothing", BadOutput, "no-output"),
        ("nan", BadOutput, "garbage-output"),
        ("lost range", ItemFailed, "no-defocus"),
    ],
)
def test_failures_are_named(
    micrograph: Micrograph, work: Work, monkeypatch: pytest.MonkeyPatch, played: str,
    kind: type[ItemFailed], code: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("STAND_IN", played)
    wanted = XmippCtfParameters(**SMALL, timeout=3.0 if played == "hang" else 60.0)
    with pytest.raises(kind) as told:
        EstimateCtfWithXmipp(wanted).process(micrograph, work=work)
    assert told.value.code == code


@pytest.mark.usefixtures("both")
def test_no_resolution_is_a_doubt(
    micrograph: Micrograph, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN", "lost")
    made = EstimateCtfWithXmipp(XmippCtfParameters(**SMALL)).process(micrograph, work=work)
    assert (made.resolution, made.doubt) == (35.0, "Xmipp tells no resolution of this fit")


@pytest.mark.usefixtures("both")
def test_a_micrograph_that_is_too_small_is_told(micrograph: Micrograph, work: Work) -> None:
    with pytest.raises(ItemFailed, match=r"160 x 224 pixels.*a box has 512"):
        EstimateCtfWithXmipp().process(micrograph, work=work)


def test_the_second_program_is_wanted_too(install: Install) -> None:
    install("xmipp_ctf_estimate_from_micrograph")
    (said,) = missing(EstimateCtfWithXmipp())
    assert "'xmipp_ctf_sort_psds' is not installed" in said


@pytest.mark.parametrize(
    "values",
    [
        {"defocus_min": 3.0, "defocus_max": 2.0},
        {"frequency_min": 0.4},
        {"phase_plate": True, "fast": False},
    ],
)
def test_values_that_do_not_go_together_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match=r"must be below|needs fast"):
        XmippCtfParameters(**values)


def test_a_spectrum_is_read_in_both_orders_of_bytes(tmp_path: Path) -> None:
    from icestream_xmipp.spider import read_spider

    image = np.arange(12, dtype=np.float32).reshape(3, 4)
    for order in "<>":
        header = np.zeros(256, f"{order}f4")
        header[[0, 1, 4, 11, 12, 21, 22]] = (1, 3, 1, 4, 64, 1024, 16)
        path = tmp_path / "a.xmp"
        path.write_bytes(header.tobytes() + image.astype(f"{order}f4").tobytes())
        np.testing.assert_array_equal(read_spider(path), image)
    path.write_bytes(b"no image" * 200)
    with pytest.raises(BadOutput, match="is no image of SPIDER's format"):
        read_spider(path)
