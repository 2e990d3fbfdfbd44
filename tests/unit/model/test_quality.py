"""Every quality that an item reports is declared with its unit."""

from pathlib import Path

import pytest

from icestream.model import (
    LEADING,
    QUALITIES,
    REPORTED_BY,
    Classes,
    Ctf,
    CtfAgreement,
    Gain,
    Measured,
    Micrograph,
    MicrographQuality,
    Motion,
    Movie,
    Optics,
    Orientation,
    Particles,
    PickerAgreement,
    Picks,
    TrackAgreement,
    Volume,
    column,
    leading_of,
    qualities_of,
    quality_of,
)

OPTICS = Optics(pixel_size=1.0, voltage=300)
ITEMS = [
    Micrograph(
        exposure="a",
        path=Path("a"),
        shape=(1, 1),
        optics=OPTICS,
        dose_per_frame=1.0,
        motion=Motion(shifts=column([[0, 0], [1, 1]])),
        half_correlation=0.5,
        counted=0.9,
        agreement=TrackAgreement(members=("a", "b"), outvoted=(), distance=0.7),
    ),
    Ctf(
        exposure="a",
        optics=OPTICS,
        defocus_u=12000,
        defocus_v=11000,
        angle=10,
        defocus_error=20.0,
        gradient_error=0.01,
        thickness=600.0,
        agreement=CtfAgreement(members=("a", "b"), outvoted=(), resolution=3.0, worst=4.0),
    ),
    MicrographQuality(
        exposure="a",
        label="great",
        score=0.9,
        reason="discrete dark particles",
        texture=4.0,
        patches=3.0,
        objects=0.01,
        skew=-0.6,
    ),
    Picks(
        exposure="a",
        x=column([1]),
        y=column([2]),
        score=column([3]),
        diameter=130,
        pixel_size=1.0,
        agreement=PickerAgreement(
            pickers=("a", "b"), shared=column([[2, 1], [1, 1]]), scores=column([[1, 2]])
        ),
    ),
    Particles(
        exposure="a",
        stack=Path("a"),
        box=4,
        optics=OPTICS,
        micrograph=Path("m"),
        micrograph_pixel_size=1.0,
        x=column([1]),
        y=column([1]),
        score=column([1]),
        defocus_u=column([1]),
        defocus_v=column([1]),
        defocus_angle=column([1]),
    ),
    Classes(
        averages=Path("a"),
        box=4,
        pixel_size=1.0,
        counts=column([1]),
        resolution=column([1]),
        score=column([1]),
        assignments=Path("a"),
        particles=1,
        iteration=1,
    ),
    Gain(
        iteration=1,
        movies=1,
        frames=1,
        shape=(4, 4),
        reference=None,
        verdict="none",
        orientation=Orientation(),
        certainty=0.0,
        scores=column([0] * 8),
        pattern=0.0,
        residual=0.01,
        residual_rows=0.0,
        residual_columns=0.0,
        residual_error=0.0,
        error=0.1,
        bad_pixels=0,
        defects=None,
        dose=column([1]),
    ),
    Volume(particles=1, iteration=1, map=Path("a"), efficiency=0.9),
]


def test_reported_qualities_are_declared() -> None:
    reported = {name for item in ITEMS for name in item.qualities()}
    assert reported == set(QUALITIES)


def test_defocus_is_shown_in_micrometres() -> None:
    quality = QUALITIES["ctf.defocus"]
    assert (quality.unit, quality.shown_unit) == ("Å", "µm")
    assert ITEMS[1].qualities()["ctf.defocus"] * quality.scale == pytest.approx(1.15)


def test_an_item_that_says_what_was_measured_is_measured() -> None:
    assert issubclass(Ctf, Measured)
    assert not issubclass(Movie, Measured)
    assert qualities_of(OPTICS) == {}
    assert all(qualities_of(item) == item.qualities() for item in ITEMS)


def test_it_is_known_which_item_reports_a_quality() -> None:
    for item in ITEMS:
        for name in qualities_of(item):
            assert REPORTED_BY[name.partition(".")[0]] == type(item).__name__
    assert {name.partition(".")[0] for name in QUALITIES} == REPORTED_BY.keys()


def test_a_quality_that_nobody_described_is_called_by_its_name() -> None:
    assert quality_of("zeta.depth").title == "zeta depth"
    assert quality_of("ctf.defocus") is QUALITIES["ctf.defocus"]


def test_the_quality_that_says_most() -> None:
    assert leading_of(["ctf.defocus", "ctf.resolution", "ctf.score"]) == "ctf.resolution"
    assert leading_of(["ctf.defocus", "ctf.score"]) == "ctf.score"  # which way is better is known
    assert leading_of(["mine.b", "mine.a"]) == "mine.a"
    assert leading_of([]) == ""
    assert set(LEADING) <= QUALITIES.keys()


def test_an_angle_changes_the_short_way() -> None:
    assert quality_of("ctf.angle").change(89.0, -89.0) == 2.0
    assert quality_of("ctf.defocus").change(10.0, 4.0) == -6.0
