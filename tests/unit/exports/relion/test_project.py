"""Optics groups of a project; whole projects are in tests/system/test_relion_project.py."""

from dataclasses import replace

from export_items import MICROGRAPH, MOVIE, OPTICS
from icestream.exports.chain import Items
from icestream.exports.relion.project import optics_groups
from icestream.model import Exposure, Micrograph, Movie
from icestream.store.records import ExposureRecord


def exposure(movie: Movie | None, micrograph: Micrograph | None = None) -> Items:
    record = ExposureRecord(id=1, name="a", state="done", reasons=(), found=0.0, details={})
    return Items(record, movie, micrograph, None, None, None)


def of_group(number: int) -> Movie:
    return replace(MOVIE, details=Exposure(name="a", group=number))


def test_each_exposure_group_is_an_optics_group() -> None:
    found = optics_groups([exposure(of_group(2), MICROGRAPH), exposure(of_group(1), MICROGRAPH)])
    assert found == {2: (OPTICS, 1.0), 1: (OPTICS, 1.0)}


def test_a_movie_that_failed_does_not_hide_the_binning_of_its_group() -> None:
    found = optics_groups(
        [exposure(None), exposure(of_group(3)), exposure(of_group(3), MICROGRAPH)]
    )
    assert found[3][0].pixel_size == OPTICS.pixel_size == 2.0
    assert found[3][1] == 1.0


def test_movies_that_are_not_aligned_yet_have_optics_too() -> None:
    assert optics_groups([exposure(MOVIE)]) == {1: (MOVIE.optics, 1.0)}
