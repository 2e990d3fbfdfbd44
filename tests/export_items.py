"""Items of one exposure that tests of the exports share."""

from dataclasses import replace
from pathlib import Path

from icestream.exports.chain import Items
from icestream.exports.relion.rows import Names
from icestream.model import Exposure, Micrograph, Motion, Movie, Optics, Particles, Picks, column
from icestream.store.records import ExposureRecord

NAMES = Names("Movies/a.tiff", "Movies/a")
OPTICS = Optics(pixel_size=2.0, voltage=200, spherical_aberration=1.4, amplitude_contrast=0.1)
MOTION = Motion(shifts=column([[0, 0], [3, 4], [3, 6]]), pixel_size=1.0, first_frame=2)
MOVIE = Movie(
    exposure="a",
    path=Path("a.tiff"),
    frames=5,
    shape=(200, 240),
    optics=replace(OPTICS, pixel_size=1.0),
    dose_per_frame=1.5,
)
MICROGRAPH = Micrograph(
    exposure="a",
    path=Path("a.mrc"),
    shape=(100, 120),
    optics=OPTICS,
    unweighted=Path("a_noDW.mrc"),
    motion=MOTION,
    dose_per_frame=1.5,
    pre_exposure=2.0,
    frames=3,
    binning=2.0,
    group=4,
)


def picks() -> Picks:
    two = column([1, 2])
    return Picks(exposure="a", x=two, y=two + 2, score=two, diameter=100, pixel_size=2.0)


def particles() -> Particles:
    two = column([1, 2])
    return Particles(
        exposure="a",
        stack=Path("a.mrcs"),
        box=64,
        optics=OPTICS,
        micrograph=Path("a.mrc"),
        micrograph_pixel_size=2.0,
        x=two,
        y=two,
        score=two,
        defocus_u=two,
        defocus_v=two,
        defocus_angle=two,
        group=4,
    )


def of_group(number: int) -> Movie:
    """A movie of an exposure group."""
    return replace(MOVIE, details=Exposure(name="a", group=number))


def exposure(
    movie: Movie | None,
    micrograph: Micrograph | None = None,
    images: Particles | None = None,
) -> Items:
    """What a session has of an exposure."""
    record = ExposureRecord(
        id=1, number=1, name="a", state="done", reasons=(), found=0.0, details={}
    )
    return Items(record, movie, micrograph, None, None, images)
