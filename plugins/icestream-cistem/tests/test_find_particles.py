"""find_particles is asked what each version understands, and its list read as it counts."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from icestream.formats import write_mrc
from icestream.model import Ctf, Micrograph, Optics
from icestream.protocol import ItemFailed, Work, missing
from icestream.protocol.conformance import problems
from icestream_cistem.pick_with_cistem import CistemPicking, PickWithCistem

Install = Callable[..., None]
OPTICS = Optics(pixel_size=5.0, voltage=300.0, spherical_aberration=2.7, amplitude_contrast=0.1)
PLACES = {(40, 30): 9.0, (100, 90): 7.0, (140, 40): 5.0}
"""x and y of dark particles, and how dark each is."""
SMALL = CistemPicking(diameter=60, threshold=8, resolution=20)


@pytest.fixture
def micrograph(tmp_path: Path) -> Micrograph:
    pixels = np.random.default_rng(5).normal(size=(120, 180)).astype(np.float32)
    y, x = np.indices(pixels.shape)
    for (px, py), dark in PLACES.items():
        pixels[np.hypot(x - px, y - py) < 6] -= dark
    path = write_mrc(tmp_path / "a micrograph.mrc", pixels, 5.0)
    return Micrograph(exposure="a", path=path, shape=(120, 180), optics=OPTICS)


CTF = Ctf(exposure="a", optics=OPTICS, defocus_u=15200, defocus_v=14800, angle=-12, phase_shift=90)


def test_it_keeps_the_rules() -> None:
    assert problems(PickWithCistem) == []


def test_the_answers_go_by_the_version(
    install: Install, micrograph: Micrograph, work: Work
) -> None:
    optics = "micrograph.mrc 5 300 2.7 0.1 1.570796 15200 14800 -12"
    install("2.0.0-alpha", "find_particles")
    assert " ".join(PickWithCistem(SMALL).command(micrograph, CTF, work).answers) == (
        f"{optics} no 30 36 20 found.mrc 0 6 8 yes yes -1 2 yes 0 30 no"
    )
    install("1.0.0-beta", "find_particles")
    templates = SMALL.model_copy(update={"templates": Path("t.mrc"), "background": "mode"})
    assert " ".join(PickWithCistem(templates).command(micrograph, CTF, work).answers) == (
        f"{optics} yes templates.mrc no yes 36 36 20 found.mrc 0 6 8 yes yes 1 30 no"
    )


def test_places_are_counted_as_in_the_file(
    install: Install, micrograph: Micrograph, work: Work, version: str
) -> None:
    install(version, "find_particles")
    step = PickWithCistem(SMALL)
    assert missing(step) == ()
    made = step.process(micrograph, CTF, work=work)
    assert len(made) == 3
    for x, y in PLACES:
        assert np.hypot(made.x - x, made.y - y).min() < 1.5
    assert np.hypot(made.x[0] - 40, made.y[0] - 30) < 1.5  # the darkest is the highest
    assert (np.diff(made.score) <= 0).all() and made.score[0] > 8
    assert (made.diameter, made.pixel_size) == (60.0, 5.0)
    assert "3 particles were picked in 1 micrographs" in step.summarize([made])


def test_none_is_no_failure(install: Install, micrograph: Micrograph, work: Work) -> None:
    install("2.0.0-alpha", "find_particles")
    strict = CistemPicking(diameter=60, threshold=100, resolution=20)
    assert len(PickWithCistem(strict).process(micrograph, CTF, work=work)) == 0


@pytest.mark.parametrize(
    ("played", "code"),
    [
        ("library", "no-library"),
        ("nothing", "no-output"),
        ("half", "half-output"),
        ("outside", "garbage-output"),
    ],
)
def test_failures_are_named(
    install: Install,
    micrograph: Micrograph,
    work: Work,
    monkeypatch: pytest.MonkeyPatch,
    played: str,
    code: str,
) -> None:
    install("2.0.0-alpha", "find_particles")
    monkeypatch.setenv("STAND_IN", played)
    with pytest.raises(ItemFailed) as told:
        PickWithCistem(SMALL).process(micrograph, CTF, work=work)
    assert told.value.code == code


def test_a_number_that_it_does_not_take_is_told(
    install: Install, micrograph: Micrograph, work: Work
) -> None:
    install("1.0.0-beta", "find_particles")
    fine = CistemPicking(diameter=60, resolution=4)  # finer than two pixels
    with pytest.raises(ItemFailed) as told:
        PickWithCistem(fine).process(micrograph, CTF, work=work)
    assert told.value.code == "out-of-range"
    gone = replace(micrograph, path=Path("not there.mrc"))
    with pytest.raises(ItemFailed) as told:
        PickWithCistem(SMALL).process(gone, CTF, work=work)
    assert told.value.code == "not-readable"
    with pytest.raises(ValidationError):
        CistemPicking(diameter=60, diameter_most=50)
