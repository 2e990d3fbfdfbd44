import json
import zipfile
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest

from icestream.formats.mrc import read_stack, write_mrc
from icestream.formats.parquet import read_columns
from icestream.model import Optics, Particles, column
from icestream.processing.particles import normalize_particles
from icestream.protocol import Batch, ItemFailed, Work
from icestream.protocol.conformance import problems
from icestream.protocols.classify_particles import ClassifyParticles, ClassifyParticlesParameters
from icestream.protocols.select_classes import SelectClasses

BOX, PIXEL = 48, 4.0
WANTED = ClassifyParticlesParameters(
    classes=4, batch=60, resolution=14.0, passes=2, memory=500, use_ctf=False
)


def particles(folder: Path, name: str, count: int, seed: int, box: int = BOX) -> Particles:
    """Bars and triangles of balls at random angles, in noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:box, :box] - box // 2
    images = rng.standard_normal((max(count, 1), box, box))
    shapes = ([(-9, 0), (0, 0), (9, 0)], [(8, 0), (-4, 7), (-4, -7)])
    for number in range(count):
        turn = rng.uniform(0, 2 * np.pi)
        for px, py in shapes[number % 2]:
            cx = px * np.cos(turn) - py * np.sin(turn)
            cy = px * np.sin(turn) + py * np.cos(turn)
            images[number] += 1.5 * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * 2.5**2))
    write_mrc(folder / f"{name}.mrcs", images.astype(np.float32), PIXEL)
    zeros, ones = column(np.zeros(count)), np.ones(count)
    return Particles(
        exposure=name,
        stack=folder / f"{name}.mrcs",
        box=box,
        optics=Optics(pixel_size=PIXEL, voltage=300.0),
        micrograph=folder / f"{name}.mrc",
        micrograph_pixel_size=PIXEL,
        x=zeros,
        y=zeros,
        score=zeros,
        defocus_u=column(15000.0 * ones),
        defocus_v=column(15000.0 * ones),
        defocus_angle=column(30.0 * ones),
        phase_shift=90.0,
        diameter=120.0,
    )


@pytest.fixture
def work(tmp_path: Path) -> Work:
    folder = tmp_path / "work"
    folder.mkdir()
    return Work(folder=folder)


def test_is_a_good_plugin() -> None:
    assert problems(ClassifyParticles) == []
    assert [port.item for port in ClassifyParticles.inputs()] == [Particles]


def test_a_session_from_first_batch_to_last(tmp_path: Path, work: Work) -> None:
    protocol = ClassifyParticles(WANTED)
    assert protocol.batch_size() == 60
    first = Batch((particles(tmp_path, "a", 40, 1), particles(tmp_path, "b", 30, 2)))
    state = protocol.start(first, work)
    early = protocol.snapshot(state, work)
    assert (early.particles, early.iteration) == (70, 1)
    protocol.save(state, tmp_path / "checkpoint")
    state = protocol.load(tmp_path / "checkpoint")
    last = Batch((particles(tmp_path, "c", 0, 3), particles(tmp_path, "d", 50, 4)), final=True)
    state = protocol.update(state, last, work)
    late = protocol.snapshot(state, work)
    assert (late.particles, late.iteration) == (120, 2)
    assert late.averages != early.averages
    assert early.averages.exists()
    assert read_stack(late.averages).shape == (len(late.counts), BOX, BOX)
    assert 2 <= len(late.counts) <= 4
    assert late.counts.sum() == 120
    assert late.pixel_size == PIXEL
    rows = duckdb.sql(f"SELECT * FROM '{late.assignments}'").fetchnumpy()
    assert list(rows) == [
        "exposure", "index", "x", "y", "class", "number", "angle", "shift_y", "shift_x",
        "likelihood",
    ]  # fmt: skip
    assert rows["exposure"].tolist() == ["a"] * 40 + ["b"] * 30 + ["d"] * 50
    assert rows["index"].tolist() == [*range(40), *range(30), *range(50)]
    found = np.bincount(rows["class"], minlength=len(late.counts) + 1)[1:]
    assert found.tolist() == late.counts.astype(int).tolist()
    shape = np.array([*range(40), *range(30), *range(50)]) % 2
    pure = sum(np.bincount(shape[rows["class"] == k]).max() for k in np.unique(rows["class"]))
    assert pure / 120 > 0.9


def test_a_checkpoint_without_places_is_refused(tmp_path: Path, work: Work) -> None:
    """As an older icestream wrote it: particles would be where nobody knows."""
    protocol = ClassifyParticles(WANTED)
    state = protocol.start(Batch((particles(tmp_path, "a", 20, 1),)), work)
    protocol.save(state, tmp_path / "now")
    with zipfile.ZipFile(tmp_path / "now") as now, zipfile.ZipFile(tmp_path / "old", "w") as old:
        document = json.loads(now.read("state.json"))
        del document["state"]["fields"]["origins"]["fields"]["places"]
        for name in now.namelist():
            old.writestr(name, json.dumps(document) if name == "state.json" else now.read(name))
    with pytest.raises(ItemFailed, match="should have the fields exposures, particles, places"):
        protocol.load(tmp_path / "old")


def test_a_sample_to_look_at_again_is_written_as_particles_come(tmp_path: Path, work: Work) -> None:
    protocol = ClassifyParticles(WANTED)
    state = protocol.start(Batch((particles(tmp_path, "a", 60, 1),)), work)
    first = protocol.snapshot(state, work)
    state = protocol.update(state, Batch((particles(tmp_path, "b", 10, 2),)), work)
    second = protocol.snapshot(state, work)
    assert second.sample is None
    assert second.sample_table is None
    state = protocol.update(state, Batch((), final=True), work)
    last = protocol.snapshot(state, work)
    for found, count in ((first, 60), (last, 70)):
        assert found.diameter == 120.0
        assert found.optics is not None
        assert found.optics.pixel_size == found.pixel_size
        assert found.sample is not None
        assert read_stack(found.sample).shape == (count, BOX, BOX)
    table, assigned = (
        duckdb.sql(f"SELECT * FROM '{path}'").fetchnumpy()
        for path in (last.sample_table, last.assignments)
    )
    for name, values in assigned.items():
        assert table[name].tolist() == values.tolist(), name
    assert table["defocus_u"].tolist() == [15000.0] * 70
    assert table["defocus_angle"].tolist() == [30.0] * 70
    assert table["phase_shift"].tolist() == [90.0] * 70
    # As they came: bytes of a twentieth of the noise.
    original = normalize_particles(read_stack(tmp_path / "b.mrcs"), 15.0)
    assert last.sample is not None
    kept = read_stack(last.sample)[60:]
    assert np.abs(kept - original).max() <= 0.026


def test_a_session_that_is_resumed_shows_what_one_that_was_not_does(
    tmp_path: Path, work: Work
) -> None:
    """The state is kept before its snapshot is made, which changes nothing in it."""
    protocol = ClassifyParticles(WANTED)
    counts = (60, 10, 30, 20)
    batches = [Batch((particles(tmp_path, f"p{n}", c, n),)) for n, c in enumerate(counts)]
    straight = resumed = None
    for batch in batches:
        if straight is None:
            straight, resumed = protocol.start(batch, work), protocol.start(batch, work)
        else:
            straight = protocol.update(straight, batch, work)
            resumed = protocol.update(protocol.load(tmp_path / "state"), batch, work)
        protocol.save(resumed, tmp_path / "state")
        one, other = (protocol.snapshot(state, work) for state in (straight, resumed))
        assert (one.iteration, one.sample) == (other.iteration, other.sample)
        assert np.array_equal(one.counts, other.counts)
    assert straight is not None
    assert resumed is not None
    assert straight.classification is not None
    assert resumed.classification is not None
    first, second = straight.classification, resumed.classification
    assert np.array_equal(first.references, second.references)
    assert first.random.bit_generator.state == second.random.bit_generator.state


def test_a_final_batch_without_particles_finishes(tmp_path: Path, work: Work) -> None:
    protocol = ClassifyParticles(WANTED)
    state = protocol.start(Batch((particles(tmp_path, "a", 60, 1),)), work)
    assert state.classification is not None
    looks = state.classification.looks
    state = protocol.update(state, Batch((), final=True), work)
    assert state.classification.looks == looks + 2 * 60
    assert protocol.snapshot(state, work).particles == 60


def test_no_particle_at_all_is_said(tmp_path: Path, work: Work) -> None:
    protocol = ClassifyParticles(WANTED)
    state = protocol.start(Batch((particles(tmp_path, "a", 0, 1),)), work)
    nothing = protocol.snapshot(state, work)
    assert (nothing.particles, nothing.iteration) == (0, 1)
    assert np.asarray(nothing.counts).tolist() == [0.0]
    assert len(read_stack(nothing.averages)) == 1
    empty = read_columns(nothing.assignments)
    assert [len(values) for values in empty.values()] == [0] * len(empty)
    assert {"x", "y", "class"} <= empty.keys()
    assert "no particle has come" in protocol.summarize([nothing])
    assert not np.asarray(SelectClasses().process(nothing).selected).any()
    state = protocol.update(state, Batch((particles(tmp_path, "b", 60, 1),)), work)
    assert protocol.snapshot(state, work).particles == 60


def test_large_boxes_are_reduced(tmp_path: Path, work: Work) -> None:
    wanted = WANTED.model_copy(update={"box": 32})
    state = ClassifyParticles(wanted).start(Batch((particles(tmp_path, "a", 60, 1),)), work)
    found = ClassifyParticles(wanted).snapshot(state, work)
    assert found.box == 32
    assert found.pixel_size == pytest.approx(PIXEL * BOX / 32)


def test_boxes_of_another_width_are_refused(tmp_path: Path, work: Work) -> None:
    protocol = ClassifyParticles(WANTED)
    state = protocol.start(Batch((particles(tmp_path, "a", 60, 1),)), work)
    other = particles(tmp_path, "b", 10, 2, box=64)
    with pytest.raises(ItemFailed, match="same box"):
        protocol.update(state, Batch((other,)), work)


def test_summary_and_plots(tmp_path: Path, work: Work) -> None:
    protocol = ClassifyParticles(WANTED)
    assert protocol.summarize([]) == ""
    assert list(protocol.plot([])) == []
    state = protocol.start(Batch((particles(tmp_path, "a", 60, 1),), final=True), work)
    found = protocol.snapshot(state, work)
    assert "60 particles were sorted into" in protocol.summarize([found])
    counts, resolution = protocol.plot([found])
    assert sum(counts.y) == 60
    known = int((np.asarray(found.resolution) > 0).sum())
    assert len(resolution.y) == len(resolution.x or []) == known, "no zero for what is unknown"


def test_a_diameter_that_is_not_known_stays_so_unless_it_is_given(
    tmp_path: Path, work: Work
) -> None:
    roomy = replace(particles(tmp_path, "a", 60, 1), diameter_known=False)
    for wanted, known in ((WANTED, False), (WANTED.model_copy(update={"diameter": 120.0}), True)):
        protocol = ClassifyParticles(wanted)
        found = protocol.snapshot(protocol.start(Batch((roomy,)), work), work)
        assert (found.diameter, found.diameter_known) == (120.0, known)
