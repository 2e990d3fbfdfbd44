"""Tables of particle images of RELION and CryoSPARC."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from handover_session import HandoverSession
from icestream.exports.cryosparc import export_cryosparc
from icestream.exports.relion import export_relion
from icestream.formats import read_star, write_star
from icestream.formats.errors import FormatError
from icestream.formats.imaged import read_particles


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HandoverSession]:
    made = HandoverSession(tmp_path_factory.mktemp("imaged") / "session", exposures=2)
    yield made
    made.store.close()


@pytest.fixture
def table(session: HandoverSession, tmp_path: Path) -> Path:
    project = export_relion(session.folder, tmp_path / "project").project
    return project / "Extract/job005/particles.star"


@pytest.fixture
def groups(session: HandoverSession, tmp_path: Path) -> Path:
    return export_cryosparc(session.folder, tmp_path / "groups").folder


def save(path: Path, array: np.ndarray) -> None:
    with path.open("wb") as file:
        np.save(file, array)


def test_both_say_the_same(session: HandoverSession, table: Path, groups: Path) -> None:
    star, cs = read_particles(table), read_particles(groups / "particles.csg")
    assert len(star) == len(cs) == 2
    for one in session.taken:
        (ours,) = (found for name, found in star.items() if one.exposure in name)
        (theirs,) = (found for name, found in cs.items() if one.exposure in name)
        for found in (ours, theirs):
            np.testing.assert_allclose(found.x, one.x, atol=1e-3)
            np.testing.assert_allclose(found.defocus[:, 0], one.defocus_u)
            np.testing.assert_allclose(found.defocus[:, 2:], [[31.0, 10.0]] * 9, rtol=1e-5)
            np.testing.assert_allclose(found.optics, [[2.0, 48, 300, 2.7, 0.1]] * 9, rtol=1e-6)
            assert all(path.is_file() for path in found.stacks)
            assert found.index.tolist() == list(range(9))
        assert ours.shape is None
        assert theirs.shape == (320, 420)


def test_tables_of_a_group_are_joined_by_item(groups: Path) -> None:
    """As CryoSPARC has them: what a job did not make itself is in another table."""
    rows = np.load(groups / "particles.cs")
    names = [name for name in rows.dtype.names if name.startswith(("location/", "ctf/"))]
    save(groups / "passthrough.cs", rows[["uid", *names]][::-1])
    others = [name for name in rows.dtype.names if name not in names]
    save(groups / "particles.cs", rows[others])
    text = (groups / "particles.csg").read_text()
    for slot in ("location", "ctf"):
        text = text.replace(
            f"{slot}:\n    metafile: '>particles", f"{slot}:\n    metafile: '>passthrough"
        )
    (groups / "particles.csg").write_text(text)
    found = read_particles(groups / "particles.csg")
    whole = rows["location/center_x_frac"] * 420
    np.testing.assert_allclose(
        np.sort(np.concatenate([one.x for one in found.values()])), np.sort(whole), rtol=1e-6
    )
    first = next(iter(found.values()))
    assert np.all(np.diff(first.defocus[:, 0]) == 1)
    with pytest.raises(FormatError, match="location/micrograph_path"):
        read_particles(groups / "particles.cs")
    save(groups / "passthrough.cs", rows[["uid", *names]][:-1])
    with pytest.raises(FormatError, match="expected the items of particles.cs, found others"):
        read_particles(groups / "particles.csg")


def test_what_is_missing_is_named(table: Path) -> None:
    blocks = read_star(table)
    del blocks["particles"].columns["rlnDefocusU"]
    write_star(table, blocks)
    with pytest.raises(FormatError, match="_rlnDefocusU in data_particles, found 13 other columns"):
        read_particles(table)
    blocks["particles"].columns["rlnDefocusU"] = ["1.0"] * len(blocks["particles"])
    del blocks["optics"]
    write_star(table, blocks)
    with pytest.raises(FormatError, match="data_optics and data_particles, found data_particles"):
        read_particles(table)
    with pytest.raises(FormatError, match="a file that ends in .box"):
        read_particles(table.with_suffix(".box"))


def test_a_large_table_is_never_whole_in_memory(table: Path) -> None:
    """As text a row takes 3 kB, and what is kept of it 150 bytes."""
    blocks = read_star(table)
    columns = blocks["particles"].columns
    times = 20_000 // len(blocks["particles"])
    blocks["particles"].columns = {label: list(one) * times for label, one in columns.items()}
    write_star(table, blocks)
    del blocks, columns
    tracemalloc.start()
    found = read_particles(table)
    kept, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    rows = sum(map(len, found.values()))
    assert rows > 19_000
    assert kept < 300 * rows
    assert most < 30e6


def test_a_particle_of_no_optics_group_or_without_its_stack(table: Path) -> None:
    blocks = read_star(table)
    groups = blocks["particles"].columns["rlnOpticsGroup"]
    groups[3] = "7"
    write_star(table, blocks)
    with pytest.raises(FormatError, match="found none with the number 7"):
        read_particles(table)
    groups[3] = "1"
    write_star(table, blocks)
    next((table.parent / "Movies").glob("*.mrcs")).unlink()
    with pytest.raises(FormatError, match=".mrcs, found no such file in the project"):
        read_particles(table)


def test_tables_without_rows_have_no_particles(table: Path, groups: Path) -> None:
    rows = np.load(groups / "particles.cs")
    save(groups / "particles.cs", rows[:0])
    assert read_particles(groups / "particles.csg") == {}
    blocks = read_star(table)
    blocks["particles"].columns = {label: [] for label in blocks["particles"].columns}
    write_star(table, blocks)
    assert read_particles(table) == {}


@pytest.mark.parametrize(("label", "name"), [("CoordinateY", "place"), ("DefocusV", "CTF")])
def test_numbers_that_are_none_are_refused(table: Path, label: str, name: str) -> None:
    blocks = read_star(table)
    blocks["particles"].columns[f"rln{label}"][3] = "nan"
    write_star(table, blocks)
    with pytest.raises(FormatError, match=f"for the {name} of every particle, found .*nan.* row 4"):
        read_particles(table)


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("rlnCtfDataAreCtfPremultiplied", "multiplied with their CTF"),
        ("rlnCtfDataArePhaseFlipped", "phase-flipped"),
    ],
)
def test_images_that_were_corrected_for_the_ctf_are_refused(
    table: Path, label: str, words: str
) -> None:
    blocks = read_star(table)
    blocks["optics"].columns[label] = ["1"] * len(blocks["optics"])
    write_star(table, blocks)
    with pytest.raises(FormatError, match=f"found images that were {words}"):
        read_particles(table)
