"""Optics groups are of one session, and of one kind of image."""

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from export_items import MICROGRAPH, MOVIE, NAMES, OPTICS, exposure, of_group, particles
from icestream.exports.chain import Items
from icestream.exports.relion.optics import OpticsGroups, Traits, session_label, traits_of
from icestream.exports.relion.table import Table
from icestream.formats import read_star
from icestream.formats.relion import particle_columns
from icestream.model import Exposure, Movie, Optics
from icestream.store.records import SessionRecord


def groups(*exposures: Items, label: str = "mine") -> OpticsGroups:
    return OpticsGroups(exposures, label)


def shot(pixel_size: float, *, group: int = 1, box: int = 64) -> Items:
    """An exposure up to its particles, at a magnification."""
    optics = replace(OPTICS, pixel_size=pixel_size)
    return exposure(
        replace(of_group(group), optics=optics),
        replace(MICROGRAPH, optics=optics, binning=1.0),
        replace(particles(), optics=optics, box=box),
    )


def test_each_exposure_group_is_an_optics_group() -> None:
    two, one = exposure(of_group(2), MICROGRAPH), exposure(of_group(1), MICROGRAPH)
    found = groups(two, one)
    assert (found.number(two), found.number(one), len(found)) == (2, 1, 2)
    assert [row["rlnMicrographPixelSize"] for row in found.of_micrographs()] == [2.0, 2.0]
    assert [row["rlnMicrographOriginalPixelSize"] for row in found.of_movies()] == [1.0, 1.0]


def test_a_movie_that_failed_does_not_hide_the_binning_of_its_group() -> None:
    failed, good = exposure(of_group(3)), exposure(of_group(3), MICROGRAPH)
    found = groups(exposure(None), failed, good)
    assert found.number(failed) == found.number(good) == 1
    (row,) = found.of_micrographs()
    assert row["rlnMicrographPixelSize"] == OPTICS.pixel_size == 2.0
    assert row["rlnMicrographOriginalPixelSize"] == 1.0


def test_movies_that_are_not_aligned_yet_have_optics_too() -> None:
    found = groups(exposure(MOVIE))
    assert [row["rlnVoltage"] for row in found.of_movies()] == [OPTICS.voltage]
    assert found.of_micrographs() == found.of_particles() == []


def test_another_magnification_is_another_group_in_every_table() -> None:
    low, high = shot(1.5), shot(1.0)
    found = groups(low, high, low)
    assert (found.number(low), found.number(high)) == (1, 2)
    for rows, label in (
        (found.of_movies(), "rlnMicrographOriginalPixelSize"),
        (found.of_micrographs(), "rlnMicrographPixelSize"),
        (found.of_particles(), "rlnImagePixelSize"),
    ):
        assert {row["rlnOpticsGroup"]: row[label] for row in rows} == {1: 1.5, 2: 1.0}


def other(**changes: object) -> Movie:
    return replace(MOVIE, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "movie",
    [
        other(optics=replace(MOVIE.optics, voltage=300)),
        other(optics=replace(MOVIE.optics, spherical_aberration=0.01)),
        other(optics=replace(MOVIE.optics, amplitude_contrast=0.07)),
        other(optics=replace(MOVIE.optics, pixel_size=1.0001)),
        other(shape=(400, 480)),
    ],
)
def test_whatever_else_differs_parts_a_group(movie: Movie) -> None:
    assert len(groups(exposure(MOVIE), exposure(movie))) == 2


def test_the_last_bits_of_a_number_do_not() -> None:
    movie = other(optics=replace(MOVIE.optics, pixel_size=1.0 + 1e-9))
    assert len(groups(exposure(MOVIE), exposure(movie))) == 1


def test_images_of_another_box_are_another_group() -> None:
    small, large = shot(1.0, box=64), shot(1.0, box=96)
    found = groups(small, large)
    sizes = {row["rlnOpticsGroup"]: row["rlnImageSize"] for row in found.of_particles()}
    assert sizes == {found.number(small): 64, found.number(large): 96}


def test_an_exposure_without_particles_is_in_a_group_that_fits() -> None:
    without = exposure(of_group(1), shot(1.0).micrograph)
    found = groups(without, shot(1.5))
    assert len(found) == 2
    assert found.number(without) == 1
    assert [row["rlnOpticsGroup"] for row in found.of_particles()] == [2]
    unlike = replace(shot(1.0), micrograph=None, particles=None)
    assert groups(shot(1.5), shot(1.0)).number(
        replace(unlike, movie=replace(MOVIE, optics=replace(OPTICS, pixel_size=1.0)))
    ) == 2  # fmt: skip


def test_names_are_of_the_session_and_of_the_values() -> None:
    mine, yours = groups(shot(1.3), label="a-1"), groups(shot(1.5), label="b-2")
    assert mine.name(1).startswith("a-1-g1-")
    assert mine.name(1) != yours.name(1)
    # What came since does not rename what was there: lists of earlier exports can be joined.
    assert mine.name(1) == groups(shot(1.5), shot(1.3), label="a-1").name(2)
    assert mine.name(1) != groups(shot(1.5), label="a-1").name(1)


def test_a_session_is_told_by_its_name_and_uid() -> None:
    record = SessionRecord(
        name="apo ferritin/2", workflow="", order="newest", state="done", reason="", branch="main",
        epoch=1, holder="", created=1.7e9, changed=1.7e9, uid="0123456789abcdef",
    )  # fmt: skip
    assert session_label(record) == "apo-ferritin-2-01234567"
    old = session_label(replace(record, uid=""))
    assert old != session_label(replace(record, uid="", created=1.7e9 + 1))
    # RELION's Import refuses any other letter.
    found = groups(shot(1.3), label=session_label(replace(record, name="é_'x'.1")))
    assert re.fullmatch(r"[A-Za-z0-9-]+", found.name(1))


def test_an_exposure_without_a_movie_has_the_optics_of_its_micrograph() -> None:
    taken = replace(MICROGRAPH, details=Exposure(name="a", group=3))
    found = groups(exposure(None, taken))
    (row,) = found.of_micrographs()
    assert "-g3-" in found.name(1)
    assert row["rlnMicrographPixelSize"] == row["rlnMicrographOriginalPixelSize"] == 2.0


def test_an_exposure_that_was_not_taken_in_has_no_optics() -> None:
    assert traits_of(exposure(None)) is None
    with pytest.raises(LookupError, match="was not taken in"):
        groups().number(exposure(None))
    with pytest.raises(LookupError, match="no optics group"):
        groups(exposure(MOVIE)).number(exposure(of_group(7)))


def test_what_came_since_is_for_the_next_time() -> None:
    """A session goes on while it is exported: there is no group for what it makes meanwhile."""
    whole = shot(1.5)
    begun = replace(whole, micrograph=None, particles=None)
    found = groups(begun)
    known = found.known(whole)
    assert known is not None
    assert (known.micrograph, known.particles) == (None, None)
    assert found.number(known) == 1
    aligned = replace(whole, particles=None)
    assert groups(aligned).known(whole) == aligned
    assert found.known(shot(1.0)) is None
    assert found.known(exposure(None)) is None


def test_traits_that_are_not_known_fit_any() -> None:
    optics = Optics(pixel_size=1.0, voltage=300)
    known = Traits(1, optics, (8, 8), optics, (1.0, 64))
    assert Traits(1, optics, (8, 8)).fits(known)
    assert not known.fits(Traits(1, optics, (8, 8)))


def test_relion_joins_particles_of_two_sessions_and_keeps_their_pixels(tmp_path: Path) -> None:
    if shutil.which("relion_star_handler") is None:
        pytest.skip("RELION is not installed (Debian: relion)")
    sessions = {"a-1": [shot(1.5)], "b-2": [shot(1.3), shot(1.0, group=2)]}
    for label, exposures in sessions.items():
        found = groups(*exposures, label=label)
        with Table(tmp_path / f"{label}.star", "particles", found.of_particles()) as table:
            for items in exposures:
                columns = particle_columns(
                    particles(),
                    stack=NAMES.stack,
                    micrograph=NAMES.micrograph,
                    group=found.number(items),
                )
                table.extend({**columns, "rlnImageName": [f"1@{label}", f"2@{label}"]}, 2)
    subprocess.run(
        ["relion_star_handler", "--combine", "--i", "a-1.star b-2.star", "--o", "both.star"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    both = read_star(tmp_path / "both.star")
    sizes = both["optics"].floats("rlnImagePixelSize")
    size_of = dict(zip(both["optics"].integers("rlnOpticsGroup").tolist(), sizes, strict=True))
    of_particles = [size_of[number] for number in both["particles"].integers("rlnOpticsGroup")]
    assert of_particles == [1.5, 1.5, 1.3, 1.3, 1.0, 1.0]
