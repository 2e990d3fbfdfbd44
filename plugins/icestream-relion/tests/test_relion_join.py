"""The table of many particles, and those of chosen classes."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from icestream.formats import Block, read_stack, read_star, write_star
from icestream.formats.parquet import write_columns
from icestream.formats.relion import loop
from icestream.model import Classes, column
from icestream.protocol import Batch, Group, ItemFailed, Work
from icestream_relion.items import RelionParticles
from icestream_relion.join_particles import JoinParticles, JoinParticlesParameters
from icestream_relion.keep_classes import KeepClasses
from icestream_relion.last_particles import LastParticles

MakeWork = Callable[..., Work]


def test_particles_of_all_exposures_are_in_one_table(
    work: MakeWork, make_particles: Any, tmp_path: Path
) -> None:
    items = make_particles(exposures=3, each=5).items
    tilted = replace(items[2], group=7)
    protocol = JoinParticles()
    first, second = work("first"), work("second")
    state = protocol.start(Batch(tuple(items[:1])), first)
    assert protocol.snapshot(state, first).particles == 5
    path = tmp_path / "state"
    protocol.save(state, path)
    state = protocol.update(protocol.load(path), Batch((items[1], tilted), final=True), second)
    made = protocol.snapshot(state, second)
    assert (made.particles, made.box, made.pixel_size, made.diameter) == (15, 32, 6.0, 130.0)
    assert made.exposures == ("shot 0", "shot 1", "shot 2") and made.iteration == 2
    assert [path.resolve() for path in made.stacks] == [item.stack for item in (*items[:2], tilted)]
    blocks = read_star(made.table)
    assert blocks["optics"].integers("rlnOpticsGroup").tolist() == [1, 2]
    assert blocks["optics"].floats("rlnMicrographPixelSize").tolist() == [2.0, 2.0]
    table = blocks["particles"]
    assert table.text("rlnImageName")[5] == "000001@stacks/000002.mrcs"
    assert table.integers("rlnOpticsGroup").tolist() == [1] * 10 + [2] * 5
    np.testing.assert_allclose(table.floats("rlnCoordinateX")[5:10], items[1].x)
    assert len(read_stack(made.stacks[1])) == 5


def test_only_the_first_particles_are_taken_where_it_is_asked(
    work: MakeWork, make_particles: Any
) -> None:
    items = tuple(make_particles(exposures=2, each=5).items)
    protocol = JoinParticles(JoinParticlesParameters(most=7))
    made = protocol.snapshot(protocol.start(Batch(items), work()), work())
    assert made.particles == 7 and len(read_star(made.table)["particles"]) == 7


def test_no_particles_make_an_empty_table(work: MakeWork) -> None:
    protocol = JoinParticles()
    made = protocol.snapshot(protocol.start(Batch((), final=True), work()), work())
    assert (made.particles, made.stacks) == (0, ())


def test_flipped_phases_are_refused(work: MakeWork, make_particles: Any) -> None:
    (item,) = make_particles(exposures=1, each=5).items
    with pytest.raises(ItemFailed, match="correct for the CTF a second time"):
        JoinParticles().start(Batch((replace(item, phases_flipped=True),)), work())


def classified(folder: Path, numbers: list[int]) -> RelionParticles:
    path = folder / "classified.star"
    columns = {
        "rlnImageName": [f"{n:06d}@stacks/000001.mrcs" for n in range(1, len(numbers) + 1)],
        "rlnClassNumber": numbers,
    }
    write_star(path, [loop("optics", [{"rlnOpticsGroup": 1}]), Block("particles", columns)])
    return RelionParticles(
        table=path,
        stacks=(folder / "a.mrcs",),
        exposures=("a",),
        particles=len(numbers),
        box=32,
        pixel_size=6.0,
        diameter=130.0,
        iteration=3,
    )


def chosen(*selected: int) -> Classes:
    zeros = column(np.zeros(len(selected)))
    return Classes(
        averages=Path("a.mrcs"),
        box=32,
        pixel_size=6.0,
        counts=zeros,
        resolution=zeros,
        score=zeros,
        assignments=Path("a.parquet"),
        particles=4,
        iteration=3,
        selected=column(selected) if selected else None,
    )


def test_particles_of_chosen_classes_are_kept(work: MakeWork, tmp_path: Path) -> None:
    made = KeepClasses().process(classified(tmp_path, [1, 2, 3, 2]), chosen(0, 1, 0), work())
    assert made.particles == 2
    assert read_star(made.table)["particles"].text("rlnImageName") == [
        "000002@stacks/000001.mrcs",
        "000004@stacks/000001.mrcs",
    ]


def test_a_choice_that_does_not_fit_is_told(work: MakeWork, tmp_path: Path) -> None:
    particles = classified(tmp_path, [1, 2, 3, 2])
    with pytest.raises(ItemFailed, match="nobody has chosen"):
        KeepClasses().process(particles, chosen(), work())
    with pytest.raises(ItemFailed, match="a particle of class 3, and 2 classes"):
        KeepClasses().process(particles, chosen(1, 0), work())
    with pytest.raises(ItemFailed, match="a particle of class 0, and 2 classes, from 1"):
        KeepClasses().process(classified(tmp_path, [1, 0]), chosen(1, 0), work())


def by_icestream(path: Path, *kept: int, items: Any) -> Classes:
    """Classes 3 and 7 of a classification of `items`, whose particles take turns in them."""
    rows = [(at, x, y) for at, item in enumerate(items) for x, y in item.places()]
    at, x, y = (np.array(values) for values in zip(*rows, strict=True))
    order = np.random.default_rng(1).permutation(len(rows))
    columns = {
        "exposure": at[order].astype(np.int32),
        "class": (1 + np.arange(len(rows)) % 2)[order].astype(np.int32),
        "number": np.where(np.arange(len(rows)) % 2 == 0, 3, 7)[order].astype(np.int32),
        "x": x[order].astype(np.float32),
        "y": y[order].astype(np.float32),
    }
    write_columns(path, columns, {"exposure": [item.exposure for item in items]})
    return replace(chosen(*kept), assignments=path, numbers=column([3, 7]))


def test_particles_are_found_in_the_classes_of_icestream(
    work: MakeWork, make_particles: Any, tmp_path: Path
) -> None:
    items = make_particles(exposures=3, each=5).items
    joined = JoinParticles().start(Batch(tuple(items)), work())
    table = JoinParticles().snapshot(joined, work())
    # The classification does not have the last exposure.
    classes = by_icestream(tmp_path / "a.parquet", 0, 1, items=items[:2])
    made = KeepClasses().process(table, classes, work("kept"))
    assert made.particles == 5 and made.exposures == table.exposures
    names = read_star(made.table)["particles"].text("rlnImageName")
    assert names == [
        "000002@stacks/000001.mrcs",
        "000004@stacks/000001.mrcs",
        "000001@stacks/000002.mrcs",
        "000003@stacks/000002.mrcs",
        "000005@stacks/000002.mrcs",
    ]
    assert (
        KeepClasses().process(table, replace(classes, selected=column([0, 0])), work()).particles
        == 0
    )


def test_classes_of_other_particles_are_refused(
    work: MakeWork, make_particles: Any, tmp_path: Path
) -> None:
    items = make_particles(exposures=2, each=5).items
    joined = JoinParticles().start(Batch(tuple(items)), work())
    table = JoinParticles().snapshot(joined, work())
    moved = [replace(item, x=column(np.asarray(item.x) + 3)) for item in items]
    with pytest.raises(ItemFailed, match="of the 10 particles of the table, none lie where"):
        KeepClasses().process(table, by_icestream(tmp_path / "a", 1, 1, items=moved), work())
    with pytest.raises(ItemFailed, match="which particles are in which class cannot be read"):
        KeepClasses().process(table, chosen(1, 0), work())
    write_columns(tmp_path / "old", {"class": np.array([1], np.int32)}, {})
    old = replace(chosen(1, 0), assignments=tmp_path / "old")
    with pytest.raises(ItemFailed, match="it has no column exposure, x, y"):
        KeepClasses().process(table, old, work())


def test_the_last_table_is_taken(tmp_path: Path) -> None:
    first, last = (replace(classified(tmp_path, [1]), iteration=n) for n in (1, 2))
    assert LastParticles().process(Group("session", (first, last))) is last
