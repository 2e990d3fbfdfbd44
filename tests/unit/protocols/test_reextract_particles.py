from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest

from icestream.formats.mrc import read_stack, write_mrc
from icestream.model import (
    Ctf,
    Micrograph,
    Optics,
    Particles,
    Picks,
    SelectedParticles,
    column,
)
from icestream.protocol import ItemFailed, Work
from icestream.protocol.conformance import problems
from icestream.protocols.extract_particles import ExtractParticles, ExtractParticlesParameters
from icestream.protocols.reextract_particles import (
    ReextractParticles,
    ReextractParticlesParameters,
)

OPTICS = Optics(pixel_size=2.0, voltage=300.0)
CTF = Ctf(exposure="e1", optics=OPTICS, defocus_u=12000.0, defocus_v=11000.0, angle=30.0)
TRUE = np.array([[60, 60], [120, 100], [180, 60]])
OFF = np.array([[4, 0], [-3, 5], [0, -6]])
"""Pixels (x, y) by which the picks miss."""


@pytest.fixture
def micrograph(tmp_path: Path) -> Micrograph:
    y, x = np.indices((160, 240))
    image = 0.2 * np.random.default_rng(0).standard_normal(y.shape)
    for cx, cy in TRUE:
        image -= 3.0 * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 72.0)
    write_mrc(tmp_path / "m.mrc", image.astype(np.float32), 2.0)
    return Micrograph(exposure="e1", path=tmp_path / "m.mrc", shape=y.shape, optics=OPTICS)


@pytest.fixture
def work(tmp_path: Path) -> Work:
    (tmp_path / "work").mkdir()
    return Work(folder=tmp_path / "work")


@pytest.fixture
def first(micrograph: Micrograph, tmp_path: Path) -> Particles:
    """Extracted off center."""
    at = TRUE + OFF
    picks = Picks(
        exposure="e1",
        x=column(at[:, 0]),
        y=column(at[:, 1]),
        score=column([3, 2, 1]),
        diameter=60.0,
        pixel_size=2.0,
    )
    folder = tmp_path / "first"
    folder.mkdir()
    wanted = ExtractParticlesParameters(dust=0.0)
    return ExtractParticles(wanted).process(micrograph, CTF, picks, Work(folder=folder))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """What a classification says of them: the shifts that bring them into the middle, Å."""
    at = 2.0 * (TRUE + OFF)
    rows = {
        "exposure": np.array(["e1", "e1", "e1", "other"], dtype=object),
        "index": np.array([0, 1, 2, 0], np.int32),
        "x": np.array([*at[:, 0], 0.0], np.float32),
        "y": np.array([*at[:, 1], 0.0], np.float32),
        "class": np.array([1, 2, 1, 1], np.int32),
        "shift_y": np.array([*(2.0 * OFF[:, 1]), 0.0], np.float32),
        "shift_x": np.array([*(2.0 * OFF[:, 0]), 0.0], np.float32),
    }
    path = tmp_path / "classes.parquet"
    with duckdb.connect() as connection:
        connection.register("rows", rows)
        connection.sql("SELECT * FROM rows").write_parquet(str(path))
    return path


def middle(images: np.ndarray) -> np.ndarray:
    """Brightest pixel of each image."""
    flat = images.reshape(len(images), -1).argmax(axis=1)
    return np.stack(np.unravel_index(flat, images.shape[1:]), axis=1)


def test_is_a_good_plugin() -> None:
    assert problems(ReextractParticles) == []


def test_without_a_table_the_particles_are_the_same(
    micrograph: Micrograph, first: Particles, work: Work
) -> None:
    wanted = ReextractParticlesParameters(dust=0.0)
    again = ReextractParticles(wanted).process(micrograph, CTF, first, work)
    assert again.x.tolist() == first.x.tolist()
    assert np.array_equal(read_stack(again.stack), read_stack(first.stack))


def test_shifts_bring_the_particles_into_the_middle(
    micrograph: Micrograph, first: Particles, table: Path, work: Work
) -> None:
    wanted = ReextractParticlesParameters(assignments=table, box=120.0, size=30, dust=0.0)
    again = ReextractParticles(wanted).process(micrograph, CTF, first, work)
    assert np.stack([again.x, again.y], 1).tolist() == TRUE.tolist()
    assert again.box == 30
    assert again.optics.pixel_size == pytest.approx(4.0)
    assert np.abs(middle(read_stack(again.stack)) - 15).max() <= 1
    off = middle(read_stack(first.stack)) - first.box // 2
    assert np.abs(off).max() >= 4


def test_keeps_the_particles_of_some_classes(
    micrograph: Micrograph, first: Particles, table: Path, work: Work
) -> None:
    wanted = ReextractParticlesParameters(assignments=table, classes=(1,))
    again = ReextractParticles(wanted).process(micrograph, CTF, first, work)
    assert again.score.tolist() == [3.0, 1.0]
    wanted = ReextractParticlesParameters(assignments=table, classes=(7,))
    none = ReextractParticles(wanted).process(micrograph, CTF, first, work)
    assert len(none) == 0
    assert (
        ReextractParticles(wanted)
        .summarize([again, none])
        .endswith("; 1 left out by classes 1; 3 left out by classes 7")
    )
    assert "0 particles" in ReextractParticles().summarize([none])
    assert ReextractParticles().summarize([]) == ""


def test_what_was_corrected_since_is_cut_where_it_lies(
    micrograph: Micrograph, first: Particles, table: Path, work: Work
) -> None:
    """The first was taken away and one was picked before the rest: all have another place now."""
    by_hand = replace(
        first, x=column([30, *first.x[1:]]), y=column([90, *first.y[1:]]),
        score=column([np.nan, 2, 1]),
    )  # fmt: skip
    wanted = ReextractParticlesParameters(assignments=table, dust=0.0)
    again = ReextractParticles(wanted).process(micrograph, CTF, by_hand, work)
    assert np.stack([again.x, again.y], 1).tolist() == TRUE[1:].tolist()
    assert again.score.tolist() == [2.0, 1.0]
    assert isinstance(again, SelectedParticles)
    assert (again.found, again.left_out, again.gone) == (3, (1, 0), 1)
    over = wanted.model_copy(update={"box": 250.0})
    tight = ReextractParticles(over).process(micrograph, CTF, by_hand, work)
    assert isinstance(tight, SelectedParticles)
    assert tight.found == len(tight) + sum(tight.left_out)
    assert tight.left_out == (1, 2)
    said = ReextractParticles(over).summarize([again, tight])
    assert "; 2 left out by a row in the table of assignments; 2 left out by a box within" in said
    assert said.endswith("; 2 that the table of assignments has are not there any more")


def test_says_what_is_wrong(
    micrograph: Micrograph, first: Particles, table: Path, work: Work, tmp_path: Path
) -> None:
    with pytest.raises(ItemFailed, match="classes were chosen"):
        ReextractParticles(ReextractParticlesParameters(classes=(1,))).process(
            micrograph, CTF, first, work
        )
    gone = ReextractParticlesParameters(assignments=tmp_path / "gone.parquet")
    with pytest.raises(ItemFailed, match="cannot be read"):
        ReextractParticles(gone).process(micrograph, CTF, first, work)
    fewer = Picks(
        exposure="e1",
        x=column([60]),
        y=column([60]),
        score=column([1]),
        diameter=60.0,
        pixel_size=2.0,
    )
    one = ExtractParticles().process(micrograph, CTF, fewer, work)
    roomy = replace(one, diameter_known=False)
    assert not ReextractParticles().process(micrograph, CTF, roomy, work).diameter_known
    with pytest.raises(ItemFailed, match="of the 1 that are here none"):
        ReextractParticles(ReextractParticlesParameters(assignments=table)).process(
            micrograph, CTF, one, work
        )
