"""Particles of other programs, as a step."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from handover_session import SHAPE, HandoverSession
from icestream.exports.cryosparc import export_cryosparc
from icestream.exports.relion import export_relion
from icestream.formats import read_mrc, read_star, write_star
from icestream.formats.mrc import write_mrc
from icestream.model import Micrograph, Optics
from icestream.protocol import ItemFailed, Work
from icestream.protocol.conformance import problems
from icestream.protocols.import_particles import ImportParticles, ImportParticlesParameters

OPTICS = Optics(pixel_size=1.5, voltage=300.0)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HandoverSession]:
    made = HandoverSession(tmp_path_factory.mktemp("particles") / "session", exposures=2)
    yield made
    made.store.close()


@pytest.fixture
def table(session: HandoverSession, tmp_path: Path) -> Path:
    project = export_relion(session.folder, tmp_path / "project").project
    return project / "Extract/job005/particles.star"


@pytest.fixture
def work(tmp_path: Path) -> Work:
    (tmp_path / "work").mkdir()
    return Work(folder=tmp_path / "work")


def micrograph(name: str, shape: tuple[int, int] = SHAPE) -> Micrograph:
    return Micrograph(exposure=name, path=Path("m.mrc"), shape=shape, optics=OPTICS, group=3)


def step(source: Path | None, **wanted: object) -> ImportParticles:
    return ImportParticles(ImportParticlesParameters(particles=source, **wanted))  # type: ignore[arg-type]


def test_is_a_good_plugin() -> None:
    assert problems(ImportParticles) == []


def test_what_a_session_hands_over_comes_back(
    session: HandoverSession, table: Path, work: Work, tmp_path: Path
) -> None:
    groups = export_cryosparc(session.folder, tmp_path / "groups").folder
    one = session.taken[1]
    for source in (table, groups / "particles.csg", groups / "particles.cs"):
        found = step(source, diameter=48.0).process(micrograph(one.exposure), work)
        np.testing.assert_allclose(found.x, one.x, atol=1e-3)
        np.testing.assert_allclose(found.y, one.y, atol=1e-3)
        np.testing.assert_allclose(found.defocus_v, one.defocus_v)
        np.testing.assert_allclose(found.defocus_angle, one.defocus_angle, rtol=1e-5)
        assert found.phase_shift == pytest.approx(10.0)
        assert (found.box, found.group, found.diameter_known) == (48, 3, True)
        assert found.optics.pixel_size == 2.0
        ours = read_mrc(session.folder / one.stack)
        theirs = read_mrc(found.stack)
        for image, other in zip(ours, theirs, strict=True):
            assert np.corrcoef(image.ravel(), other.ravel())[0, 1] > 0.99


def test_particles_that_are_dark(session: HandoverSession, table: Path, work: Work) -> None:
    one = session.taken[0]
    for path in (table.parent / "Movies").glob("*.mrcs"):
        write_mrc(path, 5 - 3 * read_mrc(path), 2.0)
    found = step(table, bright=False).process(micrograph(one.exposure), work)
    ours, theirs = read_mrc(session.folder / one.stack), read_mrc(found.stack)
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.95
    assert not found.diameter_known


def test_whether_cryosparcs_particles_are_bright_is_read(
    session: HandoverSession, work: Work, tmp_path: Path
) -> None:
    """What is said of STAR files does not turn them round."""
    groups = export_cryosparc(session.folder, tmp_path / "groups").folder
    one = session.taken[0]
    ours = read_mrc(session.folder / one.stack)
    for bright in (True, False):
        importing = step(groups / "particles.csg", bright=bright)
        found = importing.process(micrograph(one.exposure), work)
        theirs = read_mrc(found.stack)
        assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.95


@pytest.mark.parametrize("mirror", [True, False])
def test_particles_of_mirrored_micrographs_are_those_of_the_sessions(
    session: HandoverSession, table: Path, work: Work, mirror: bool
) -> None:
    """Cut out of a micrograph upside down, they are as if they were cut out of ours."""
    one, half = session.taken[0], 24
    ours = np.random.default_rng(3).normal(size=SHAPE).astype(np.float32)
    theirs = ours[::-1] if mirror else ours
    blocks = read_star(table)
    columns = blocks["particles"].columns
    count = len(one)
    x, y = np.arange(count) * 31 + 50, np.arange(count) * 17 + 60
    rows = [n for n, name in enumerate(columns["rlnMicrographName"]) if one.exposure in name]
    for label, values in (("X", x), ("Y", y)):
        column = list(columns[f"rlnCoordinate{label}"])
        for row, value in zip(rows, values, strict=True):
            column[row] = str(value)
        columns[f"rlnCoordinate{label}"] = column
    write_star(table, blocks)
    stack = columns["rlnImageName"][rows[0]].partition("@")[2]
    cut = [theirs[b - half : b + half, a - half : a + half] for a, b in zip(x, y, strict=True)]
    for folder in table.parents:
        if (folder / stack).exists():
            write_mrc(folder / stack, np.stack(cut), 2.0)
    found = step(table, mirror_y=mirror).process(micrograph(one.exposure), work)
    np.testing.assert_allclose(found.x, x)
    sense = -1 if mirror else 1
    np.testing.assert_allclose(
        np.asarray(found.defocus_angle), sense * np.asarray(one.defocus_angle) % 180, atol=1e-3
    )
    for image, a, b in zip(read_mrc(found.stack), found.x, found.y, strict=True):
        row, left = round(b), round(a)
        true = ours[row - half + 1 : row + half, left - half : left + half]
        assert (
            np.corrcoef(image[1:].ravel(), true.ravel())[0, 1] > 0.99
        )  # of white noise: to the pixel


def test_coordinates_that_count_other_pixels(
    session: HandoverSession, table: Path, work: Work
) -> None:
    """The session's micrographs have twice the pixels of those that were picked."""
    one = session.taken[0]
    fine = Optics(pixel_size=0.75, voltage=300.0)
    shape = (2 * SHAPE[0], 2 * SHAPE[1])
    found = step(table, pixel_size=1.5).process(
        Micrograph(exposure=one.exposure, path=Path("m.mrc"), shape=shape, optics=fine), work
    )
    np.testing.assert_allclose(found.x, 2 * np.asarray(one.x), atol=1e-2)
    np.testing.assert_allclose(found.y, 2 * np.asarray(one.y), atol=1e-2)
    assert found.micrograph_pixel_size == 0.75
    with pytest.raises(ItemFailed, match="outside its 320 x 420") as refused:
        step(table, pixel_size=6.0).process(micrograph(one.exposure), work)
    assert "set the parameter pixel_size" in str(refused.value.advice)


def test_a_micrograph_in_no_table_has_none_and_is_told(
    session: HandoverSession, table: Path, work: Work
) -> None:
    importing = step(table)
    found = importing.process(micrograph("Other"), work)
    assert len(found) == 0
    assert read_mrc(found.stack).shape[-2:] == (8, 8)
    some = importing.process(micrograph(session.taken[0].exposure), work)
    said = importing.summarize([found, some])
    assert said.startswith("9 particles of 2 micrographs were taken over; 1 are in no list, such")
    assert f"such as {session.taken[1].exposure}.mrc" in said


def test_particles_that_cannot_be_right_are_refused(
    session: HandoverSession, table: Path, work: Work
) -> None:
    name = session.taken[0].exposure
    with pytest.raises(ItemFailed, match="lie outside its 100 x 420 pixels"):
        step(table).process(micrograph(name, (100, 420)), work)
    blocks = read_star(table)
    optics = blocks["optics"].columns
    before = optics["rlnImageSize"]
    optics["rlnImageSize"] = ["50"] * len(before)
    write_star(table, blocks)
    with pytest.raises(ItemFailed, match="have 48 x 48 pixels, and the table says 50"):
        step(table).process(micrograph(name), work)
    del blocks["particles"].columns["rlnImageName"]
    write_star(table, blocks)
    with pytest.raises(ItemFailed, match="the particles cannot be read: .*_rlnImageName"):
        step(table).process(micrograph(name), work)
    assert "is not there" in step(table.with_name("no.star")).lacking()[0]


def test_stacks_that_are_cut_off_are_told(
    session: HandoverSession, table: Path, work: Work
) -> None:
    for path in (table.parent / "Movies").glob("*.mrcs"):
        path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(ItemFailed, match="images of .* cannot be read"):
        step(table).process(micrograph(session.taken[0].exposure), work)
