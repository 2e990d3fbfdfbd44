"""RELION's CTF estimation is run for real, with a stand-in for the program that it runs."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from icestream.protocol import BadOutput, ItemFailed, Work, missing
from icestream_relion.estimate_ctf import EstimateCtfWithRelion, RelionCtfParameters

MakeWork = Callable[..., Work]
Needs = Callable[..., None]


@pytest.fixture
def ctffind(install: Callable[..., Path]) -> Path:
    """The stand-in for CTFFIND; RELION is the real one."""
    path = install("ctffind", "4.1.14")
    program = Path(__file__).with_name("ctffind.py")
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{program}" "$@"\n')
    return path


def test_the_ctf_is_taken_from_ctffind(
    needs: Needs, work: MakeWork, field: Any, ctffind: Path
) -> None:
    needs("relion_run_ctffind")
    protocol = EstimateCtfWithRelion(RelionCtfParameters(defocus_min=1.0, defocus_max=2.0, box=64))
    assert missing(protocol) == () and protocol.software()["ctffind"] == "4.1.14"
    unweighted = replace(field.micrograph, unweighted=field.micrograph.path)
    made = protocol.process(unweighted, work=work())
    assert (made.defocus_u, made.defocus_v, made.angle) == (15100.0, 14900.0, -80.0)
    assert (made.score, made.resolution, made.phase_shift) == (0.123, 4.5, 0.0)
    assert made.spectrum is not None and made.spectrum.is_file()
    assert made.spectrum_image is not None and made.spectrum_image.name == "a.ctf"
    assert "Summary of results" in work().path("ctffind.log").read_text()
    assert "median fit to 4.5 Å" in protocol.summarize([made])


def test_a_phase_shift_is_read_in_degrees(
    needs: Needs, work: MakeWork, field: Any, ctffind: Path
) -> None:
    needs("relion_run_ctffind")
    wanted = RelionCtfParameters(phase_shift=True, phase_min=60, phase_max=120, box=64)
    made = EstimateCtfWithRelion(wanted).process(field.micrograph, work=work())
    assert made.phase_shift == pytest.approx(90.0, abs=0.01)


@pytest.mark.parametrize(
    ("played", "kind", "code"),
    [
        ("quiet", ItemFailed, "ctffind-failed"),
        ("nothing", ItemFailed, "ctffind-failed"),
        ("half", BadOutput, "half-output"),
        ("nan", ItemFailed, "ctffind-failed"),
    ],
)
def test_failures_are_named(
    needs: Needs,
    work: MakeWork,
    field: Any,
    ctffind: Path,
    monkeypatch: pytest.MonkeyPatch,
    played: str,
    kind: type[ItemFailed],
    code: str,
) -> None:
    needs("relion_run_ctffind")
    monkeypatch.setenv("STAND_IN", played)
    with pytest.raises(kind) as told:
        EstimateCtfWithRelion(RelionCtfParameters(box=64)).process(field.micrograph, work=work())
    assert told.value.code == code


def test_ranges_that_hold_nothing_are_refused() -> None:
    with pytest.raises(ValidationError, match="must be above defocus_min"):
        RelionCtfParameters(defocus_min=2, defocus_max=1)
    with pytest.raises(ValidationError, match="must be finer than"):
        RelionCtfParameters(resolution_min=4)
