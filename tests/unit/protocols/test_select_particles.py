"""Particles are kept by score, defocus, class and distance, and what is left out is counted."""

from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest

from icestream.formats.mrc import read_stack, write_mrc
from icestream.model import (
    BY_HAND,
    Optics,
    Particles,
    SelectedParticles,
    column,
    to_document,
)
from icestream.protocol import ItemFailed, Work
from icestream.protocol.conformance import problems
from icestream.protocols.select_particles import (
    SelectParticles,
    SelectParticlesParameters,
)

ASSIGNED = (("e", 0, 1), ("e", 40, 3), ("e", 80, 3), ("e", 90, 3), ("f", 20, 3))
"""Exposure, x in Å, and class; nothing lies at 90 Å any more."""


@pytest.fixture
def particles(tmp_path: Path) -> Particles:
    """Five in a row, 20 Å apart, each an image of its own number."""
    images = np.repeat(np.arange(5.0, dtype=np.float32), 16).reshape(5, 4, 4)
    write_mrc(tmp_path / "e.mrcs", images, 2.0)
    return Particles(
        exposure="e", stack=tmp_path / "e.mrcs", box=4,
        optics=Optics(pixel_size=2.0, voltage=300.0),
        micrograph=tmp_path / "e.mrc", micrograph_pixel_size=2.0,
        x=column([0, 10, 20, 30, 40]), y=column([0, 0, 0, 0, 0]),
        score=column([0.1, 0.9, 0.5, 0.4, 0.8]),
        defocus_u=column([9000, 10000, 11000, 12000, 13000]),
        defocus_v=column([9000, 10000, 11000, 12000, 13000]),
        defocus_angle=column([0, 1, 2, 3, 4]),
    )  # fmt: skip


def kept(particles: Particles, folder: Path, **wanted: object) -> tuple[list[int], tuple[int, ...]]:
    folder = folder / "work"
    folder.mkdir(exist_ok=True)
    made = SelectParticles(SelectParticlesParameters(**wanted)).process(
        particles, Work(folder=folder)
    )
    images = read_stack(made.stack)[:, 0, 0].astype(int).tolist()
    assert len(made) == len(images)
    assert np.asarray(made.defocus_angle).astype(int).tolist() == images  # rows go with images
    assert made.found == len(particles) == len(made) + sum(made.left_out)
    return images, made.left_out


def test_is_a_good_plugin() -> None:
    assert problems(SelectParticles) == []


def test_without_a_limit_all_are_kept_as_they_are(particles: Particles, tmp_path: Path) -> None:
    made = SelectParticles().process(particles, Work(folder=tmp_path / "none"))
    assert made.stack == particles.stack
    assert not (tmp_path / "none").exists()
    old = to_document(particles)
    assert {name: value for name, value in to_document(made).items() if name in old} == old


def test_each_limit_leaves_out_its_own(particles: Particles, tmp_path: Path) -> None:
    assert kept(particles, tmp_path, score_min=0.4) == ([1, 2, 3, 4], (1,))
    assert kept(particles, tmp_path, defocus_min=1.0, defocus_max=1.2) == ([1, 2, 3], (1, 1))
    assert kept(particles, tmp_path, score_min=0.5, defocus_max=1.1) == ([1, 2], (2, 1))


def test_of_two_that_are_near_the_better_one_is_kept(particles: Particles, tmp_path: Path) -> None:
    assert kept(particles, tmp_path, distance_min=21.0) == ([1, 4], (3,))
    assert kept(particles, tmp_path, distance_min=20.0) == ([0, 1, 2, 3, 4], (0,))
    # What another limit left out is in nobody's way.
    alone = replace(particles, score=column([0.1, 0.2, 0.5, 0.4, 0.8]))
    assert kept(alone, tmp_path, defocus_max=1.0, distance_min=21.0) == ([1], (3, 1))


def test_particles_of_chosen_classes_are_kept(particles: Particles, tmp_path: Path) -> None:
    table = tmp_path / "a.parquet"
    rows = ", ".join(f"('{e}', {x}.0, 0.0, {c}, 0.0, 0.0)" for e, x, c in ASSIGNED)
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT * FROM (VALUES {rows}) AS t(exposure, x, y, class, shift_y, shift_x))"
            f" TO '{table}' (FORMAT parquet)"
        )
    assert kept(particles, tmp_path, assignments=table, classes=(3,)) == ([2, 4], (2, 1))
    made = SelectParticles(SelectParticlesParameters(assignments=table, classes=(3,)))
    found = made.process(particles, Work(folder=tmp_path / "work"))
    assert made.summarize([found]) == (
        "2 of 5 particles were kept; 2 left out by a row in the table of assignments; "
        "1 left out by classes 3; "
        "1 that the table of assignments has are not there any more"
    )
    others = replace(particles, y=column([9, 9, 9, 9, 9]))
    with pytest.raises(ItemFailed, match="it is a table of other particles"):
        kept(others, tmp_path, assignments=table, classes=(3,))


def test_where_none_is_kept_there_is_a_table_without_rows(
    particles: Particles, tmp_path: Path
) -> None:
    (tmp_path / "w").mkdir()
    wanted = SelectParticlesParameters(score_min=2.0)
    made = SelectParticles(wanted).process(particles, Work(folder=tmp_path / "w"))
    assert (len(made), read_stack(made.stack).shape, made.left_out) == (0, (1, 4, 4), (5,))


def test_what_each_limit_left_out_is_told(particles: Particles, tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    made = SelectParticles(SelectParticlesParameters(score_min=0.4, defocus_max=1.2))
    found = made.process(particles, Work(folder=tmp_path / "w"))
    assert isinstance(found, SelectedParticles)
    assert made.summarize([found, found]) == (
        "6 of 10 particles were kept; 2 left out by score 0.4 at least; "
        "2 left out by local defocus 1.2 µm at most"
    )
    assert made.methods().endswith("score 0.4 at least; local defocus 1.2 µm at most.")


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"classes": (1,)}, "classes were given without assignments"),
        ({"defocus_min": 2.0, "defocus_max": 1.0}, "2 µm is not below defocus_max 1 µm"),
        ({"distance_min": -1.0}, "greater than 0"),
    ],
)
def test_what_does_not_go_together_is_refused(wanted: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        SelectParticlesParameters(**wanted)


def test_what_a_person_picked_is_kept_whatever_its_score(
    particles: Particles, tmp_path: Path
) -> None:
    by_hand = replace(particles, score=column([0.1, 0.9, BY_HAND, 0.4, 0.8]))
    assert kept(by_hand, tmp_path, score_min=0.7) == ([1, 2, 4], (2,))
    assert kept(by_hand, tmp_path, distance_min=25.0)[0] == [0, 2, 4]


def test_a_score_that_is_not_known_is_no_reason_and_is_counted(
    particles: Particles, tmp_path: Path
) -> None:
    untold = replace(particles, score=column([0.1, 0.9, np.nan, 0.4, np.nan]))
    assert kept(untold, tmp_path, score_min=0.7) == ([1, 2, 4], (2,))
    step = SelectParticles(SelectParticlesParameters(score_min=0.7))
    made = step.process(untold, Work(folder=tmp_path / "work"))
    assert "; 2 of them have no score, and were not judged by it" in step.summarize([made])
    scored = step.process(particles, Work(folder=tmp_path / "work"))
    assert "no score" not in step.summarize([scored])
    # It stands between the better and the worse ones.
    assert kept(untold, tmp_path, distance_min=25.0)[0] == [1, 3]
