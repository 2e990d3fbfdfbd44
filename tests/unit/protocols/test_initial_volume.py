from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest
from pydantic import ValidationError

from balls import BOX, DIAMETER, Array, Balls, scattered
from icestream.formats.mrc import read_mrc, read_mrc_header, write_mrc
from icestream.model import Classes, Optics, column
from icestream.processing.simulate.placement import random_rotations
from icestream.processing.volume import align as align_module
from icestream.processing.volume import expectation, slices
from icestream.processing.volume.align import align, mirrored
from icestream.processing.volume.symmetry import point_group
from icestream.protocol import Batch, Work
from icestream.protocol.conformance import problems
from icestream.protocols.initial_volume import InitialVolume, InitialVolumeParameters

PIXEL = 6.0
UNIT = scattered(11, 4)
PARTICLE = Balls(np.concatenate([UNIT @ element.T for element in point_group("D2")]))
WANTED = InitialVolumeParameters(symmetry="d2", least=200, resolution=20.0, starts=2)


def noisy(rotations: Array, shifts: Array, noise: float) -> Array:
    images = PARTICLE.images(rotations, shifts)
    rng = np.random.default_rng(1)
    images = images / images.std()
    return (images + noise * rng.standard_normal(images.shape)).astype(np.float32)


def classes(folder: Path, count: int, seed: int = 1) -> Classes:
    """Averages of 25 views, and as many particles as asked, of no defocus."""
    rng = np.random.default_rng(seed)
    views, turned = random_rotations(rng, 25), random_rotations(rng, count)
    shifts = rng.integers(-2, 3, (count, 2)).astype(np.float32)
    write_mrc(folder / "averages.mrcs", noisy(views, np.zeros((25, 2)), 0.3), PIXEL)
    write_mrc(folder / "sample.mrcs", noisy(turned, shifts, 1.5), PIXEL)
    zero = np.zeros(count, np.float32)
    table = {
        "class": (1 + np.arange(count) % 25).astype(np.int32),
        "shift_y": -shifts[:, 0] * np.float32(PIXEL),
        "shift_x": -shifts[:, 1] * np.float32(PIXEL),
        **dict.fromkeys(("defocus_u", "defocus_v", "phase_shift"), zero),
    }
    with duckdb.connect() as connection:
        connection.register("sampled", table)
        connection.sql("SELECT * FROM sampled").write_parquet(str(folder / "sample.parquet"))
    return Classes(
        averages=folder / "averages.mrcs",
        box=BOX,
        pixel_size=PIXEL,
        counts=column(np.full(25, 20.0)),
        resolution=column(np.full(25, 20.0)),
        score=column(np.ones(25)),
        assignments=folder / "sample.parquet",
        particles=count,
        iteration=1,
        diameter=DIAMETER * PIXEL,
        optics=Optics(pixel_size=PIXEL, voltage=300.0),
        sample=folder / "sample.mrcs",
        sample_table=folder / "sample.parquet",
    )


@pytest.fixture
def work(tmp_path: Path) -> Work:
    folder = tmp_path / "work"
    folder.mkdir()
    return Work(folder=folder)


def test_is_a_good_plugin() -> None:
    assert problems(InitialVolume) == []
    assert [port.item for port in InitialVolume.inputs()] == [Classes]
    assert InitialVolumeParameters().symmetry == "auto"
    with pytest.raises(ValidationError, match="no point group is called 'X2'"):
        InitialVolumeParameters(symmetry="X2")


def test_warming_up_compiles_every_kernel() -> None:
    InitialVolume.warm()
    kernels = (align_module._correlate, align_module._sample, expectation._fit)
    for kernel in (*kernels, slices._extract, slices._insert):
        assert kernel.signatures, kernel.py_func.__name__


def test_a_map_is_made_written_and_improved(tmp_path: Path, work: Work) -> None:
    protocol = InitialVolume(WANTED)
    state = protocol.start(Batch((classes(tmp_path, 250),)), work)
    found = protocol.snapshot(state, work)
    assert (found.symmetry, found.particles, found.note, found.iteration) == ("D2", 250, "", 1)
    assert found.map is not None
    assert found.mirrored is not None
    header = read_mrc_header(found.map)
    assert header.space_group == 1
    assert header.pixel_size == pytest.approx(PIXEL)
    volume = read_mrc(found.map)
    assert np.array_equal(read_mrc(found.mirrored), mirrored(volume))
    assert align(PARTICLE.volume(), volume, 7).correlation > 0.8
    assert found.half1 is not None
    assert not np.array_equal(read_mrc(found.half1), volume)
    assert 0.0 < found.resolution <= found.resolution_half
    assert found.directions is not None
    assert found.directions[:, 3].sum() == pytest.approx(250, rel=1e-3)
    assert 0.8 < found.efficiency <= 1.0
    assert found.starts is not None
    assert found.starts.shape == (2, 2)
    assert found.picture is not None
    assert found.picture.read_bytes().startswith(b"\x89PNG")
    assert "250 particles" in protocol.summarize([found])
    assert found.reached in protocol.summarize([found])
    assert found.resolution_is_limit == bool((np.asarray(found.fsc)[1:] >= 0.143).all())
    assert "uneven" not in protocol.summarize([found])
    poor = replace(found, efficiency=0.06)
    assert "views are uneven (efficiency 0.06)" in protocol.summarize([poor])
    halves, starts = protocol.plot([found])
    assert (halves.kind, halves.x_label) == ("scatter", "spatial frequency / Å⁻¹")
    assert halves.x is not None
    assert halves.x[-1] == pytest.approx(len(halves.y) / (found.box * found.pixel_size))
    assert starts.x_label
    protocol.save(state, tmp_path / "checkpoint")
    state = protocol.load(tmp_path / "checkpoint")
    again = protocol.snapshot(state, work)
    assert again.iteration == 1
    assert np.array_equal(read_mrc(again.map), volume)
    (tmp_path / "more").mkdir()
    state = protocol.update(state, Batch((classes(tmp_path / "more", 300, 2),), final=True), work)
    later = protocol.snapshot(state, work)
    assert (later.particles, later.iteration, state.started) == (300, 2, 250)
    assert later.map != found.map


def test_with_fewer_than_asked_for_the_map_is_preliminary(tmp_path: Path, work: Work) -> None:
    protocol = InitialVolume(WANTED)
    found = protocol.snapshot(protocol.start(Batch((classes(tmp_path, 199),)), work), work)
    assert found.map is not None
    assert (found.particles, found.wanted, found.preliminary) == (199, 200, True)
    assert "a preliminary 3D map" in protocol.summarize([found])
    assert "from 199 particles of 200 that are asked for" in protocol.summarize([found])
    assert not replace(found, particles=200).preliminary


def test_many_particles_in_few_classes_are_told(tmp_path: Path, work: Work) -> None:
    """As particles that all lie on one side: enough of them, and no map of one view."""
    made, one = classes(tmp_path, 250), np.zeros(25)
    one[0] = 1
    for inside, alike in ((99, 0), (100, 100), (250, 250)):
        counts = np.asarray(made.counts).copy()
        counts[0] = inside
        few = replace(made, selected=column(one), counts=column(counts))
        protocol = InitialVolume(WANTED)
        state = protocol.start(Batch((few,)), work)
        found = protocol.snapshot(state, work)
        assert (found.map, found.alike) == (None, alike)
        assert found.note == "1 good class, 3 are needed"
    state = protocol.update(state, Batch((replace(few, sample=None),)), work)
    unseen = protocol.snapshot(state, work)
    assert (unseen.alike, unseen.note) == (250, "1 good class, 3 are needed")
    protocol.save(state, tmp_path / "checkpoint")
    state = protocol.update(protocol.load(tmp_path / "checkpoint"), Batch((made,)), work)
    found = protocol.snapshot(state, work)
    assert found.map is not None
    assert found.alike == 0


def test_without_enough_there_is_no_map_and_a_reason(tmp_path: Path, work: Work) -> None:
    protocol = InitialVolume(WANTED)
    few = classes(tmp_path, 90)
    good = np.zeros(25)
    good[:2] = 1
    for short, reason in (
        (few, "90 particles in good classes: 100 are needed for a preliminary map, 200 for one"),
        (replace(few, particles=0), "no particle was found"),
        (replace(few, sample=None, sample_table=None), "without a sample of their particles"),
        (replace(few, selected=column(good)), "2 good classes, 3 are needed"),
        (replace(few, diameter=0.0), "set the diameter"),
        (replace(few, optics=None), "with what optics"),
    ):
        state = protocol.start(Batch((short,), final=True), work)
        found = protocol.snapshot(state, work)
        assert found.map is None
        assert reason in found.note
        assert reason in protocol.summarize([found])
        assert list(protocol.plot([found])) == []
    assert protocol.summarize([]) == ""
    empty = protocol.snapshot(protocol.update(state, Batch((), final=True), work), work)
    assert empty.map is None
