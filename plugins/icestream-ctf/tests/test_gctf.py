"""Gctf gets what it takes, and what it leaves is looked at."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from icestream.model import Micrograph
from icestream.protocol import BadOutput, ItemFailed, TryAgain, Work, missing
from icestream.protocol.conformance import problems
from icestream_ctf.estimate_with_gctf import EstimateWithGctf, GctfParameters, read_log

Install = Callable[[str, str], Path]
SMALL = {"box": 128, "defocus_min": 1.0, "defocus_max": 2.0}


def test_it_keeps_the_rules() -> None:
    assert problems(EstimateWithGctf) == []


def test_the_arguments_are_the_programs_own(micrograph: Micrograph, work: Work) -> None:
    wanted = GctfParameters(phase_plate=True, phase_max=160)
    assert " ".join(EstimateWithGctf(wanted).command(micrograph, work).argv) == (
        "Gctf --apix 0.83 --kV 300 --cs 2.7 --ac 0.1 --defL 5000 --defH 90000 --defS 500 "
        "--astm 1000 --bfac 150 --resL 50 --resH 4 --boxsize 1024 --do_EPA 1 --plot_res_ring 0 "
        "--do_Hres_ref 0 --phase_shift_L 0 --phase_shift_H 160 --phase_shift_S 10 "
        "--phase_shift_T 1 --ctfstar NONE --gid 0 micrograph.mrc"
    )
    assert EstimateWithGctf().need().gpus == 1


@pytest.mark.parametrize("version", ["1.06", "1.18"])
def test_the_values_of_gctf_become_ours(
    install: Install, micrograph: Micrograph, work: Work, version: str
) -> None:
    install("Gctf", version)
    protocol = EstimateWithGctf(GctfParameters(**SMALL))
    assert missing(protocol) == () and protocol.software() == {"Gctf": version}
    made = protocol.process(micrograph, work=work)
    assert (made.defocus_u, made.defocus_v) == (15060.0, 14940.0)
    assert made.angle == pytest.approx(47.05 - 90), "the smaller one was first"
    assert (made.score, made.resolution, made.phase_shift) == (0.180863, 3.464, 0.0)
    assert made.curve is not None
    np.testing.assert_allclose(made.curve[0], [0.02, 0.05, 0.1, 0.2, 0.25])
    np.testing.assert_allclose(made.curve[1:, 0], [0.2, 0.25])
    assert made.spectrum_image == work.path("a_ctf.mrc") and made.spectrum is not None
    assert work.path("micrograph_gctf.log").is_file(), "kept with the result"
    assert "fitted by Gctf" in protocol.methods()
    assert "median of 3.5 Å" in protocol.summarize([made]) and list(protocol.plot([made]))


def test_a_phase_shift_comes_in_degrees(
    install: Install, micrograph: Micrograph, work: Work
) -> None:
    install("Gctf", "1.18")
    phased = replace(micrograph, phase_plate=True)
    made = EstimateWithGctf(GctfParameters(**SMALL)).process(phased, work=work)
    assert (made.phase_shift, made.score) == (90.0, 0.180863)


@pytest.mark.parametrize(
    ("played", "kind", "code"),
    [
        ("memory", TryAgain, "no-gpu-memory"),
        ("library", ItemFailed, "no-cuda-library"),
        ("hang", ItemFailed, "program-late"),
        ("half", BadOutput, "half-output"),
        ("short", BadOutput, "half-output"),
        ("curves", BadOutput, "half-output"),
        ("nothing", BadOutput, "no-output"),
        ("nan", BadOutput, "garbage-output"),
    ],
)
def test_failures_are_named(
    install: Install, micrograph: Micrograph, work: Work, monkeypatch: pytest.MonkeyPatch,
    played: str, kind: type[ItemFailed], code: str,
) -> None:  # fmt: skip
    install("Gctf", "1.06")
    monkeypatch.setenv("STAND_IN", played)
    wanted = GctfParameters(**SMALL, timeout=3.0 if played == "hang" else 60.0)
    with pytest.raises(kind) as told:
        EstimateWithGctf(wanted).process(micrograph, work=work)
    assert told.value.code == code


def test_a_gpu_that_is_not_there_is_told(
    install: Install, micrograph: Micrograph, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("Gctf", "1.06")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    with pytest.raises(ItemFailed) as told:
        EstimateWithGctf(GctfParameters(**SMALL)).process(micrograph, work=replace(work, gpus=()))
    assert told.value.code == "no-gpu"


def test_no_ring_is_a_doubt(
    install: Install, micrograph: Micrograph, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("Gctf", "1.06")
    monkeypatch.setenv("STAND_IN", "lost")
    made = EstimateWithGctf(GctfParameters(**SMALL)).process(micrograph, work=work)
    assert (made.resolution, made.doubt) == (50.0, "the program could follow no ring")


def test_the_log_of_1_06_is_read(tmp_path: Path) -> None:
    """As logs of that version are quoted."""
    path = tmp_path / "a_gctf.log"
    path.write_text(
        "   Defocus_U   Defocus_V       Angle        CCC\n"
        "    22195.93    22722.04       47.05    0.039181  Final Values\n\n"
        "Resolution limit estimated by EPA: RES_LIMIT 3.972 \n"
        "Estimated Bfactor: B_FACTOR  5.09 \n"
    )
    values, resolution = read_log(path, phase_is_fitted=False)
    assert values == [22195.93, 22722.04, 47.05, 0.039181] and resolution == 3.972
    with pytest.raises(BadOutput, match="has 4 final values, and 5 are needed"):
        read_log(path, phase_is_fitted=True)


def test_another_version_is_refused(install: Install) -> None:
    install("Gctf", "0.50")
    (said,) = missing(EstimateWithGctf())
    assert "is version 0.50, and 1.06.x or 1.18.x is needed" in said


def test_ranges_that_hold_nothing_are_refused() -> None:
    with pytest.raises(ValidationError, match="defocus_max"):
        GctfParameters(defocus_min=2, defocus_max=1)
