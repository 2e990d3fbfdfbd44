"""Groups of a session, read by NumPy and by CryoSPARC's own reader."""

import hashlib
import math
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from handover_session import OPTICS, SHAPE, HandoverSession
from icestream.exports.cryosparc import (
    CryosparcSummary,
    cryosparc_sentences,
    export_cryosparc,
)
from icestream.exports.relion import export_relion
from icestream.exports.verify import verify_export
from icestream.formats import read_mrc, read_star
from icestream.formats.cs import cs_text
from icestream.formats.mrc import write_mrc
from icestream.whole import UNFINISHED
from micrograph_session import make_micrographs


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HandoverSession]:
    made = HandoverSession(tmp_path_factory.mktemp("cryosparc") / "session")
    made.classify()
    made.reconstruct()
    write_mrc(made.folder / "pool/map.mrc", np.ones((64, 64, 64), np.float32), 3.0, volume=True)
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def summary(session: HandoverSession) -> CryosparcSummary:
    return export_cryosparc(session.folder, session.folder.parent / "groups")


def table(summary: CryosparcSummary, name: str) -> np.ndarray:
    found: np.ndarray = np.load(summary.folder / f"{name}.cs", allow_pickle=False)
    return found


def test_all_is_counted(summary: CryosparcSummary) -> None:
    assert (summary.movies, summary.exposures, summary.rejected) == (4, 4, 0)
    assert (summary.particles, summary.aligned, summary.classes) == (36, 36, 2)
    assert summary.left_out.over_rim == 4
    assert not summary.damages
    assert not summary.volume  # it has no halves
    assert {path.name for path in summary.folder.glob("*.csg")} == {
        "exposures.csg", "movies.csg", "picks.csg", "particles.csg", "particles_2D.csg",
        "templates.csg",
    }  # fmt: skip
    said = " ".join(cryosparc_sentences(summary))
    assert (
        "4 movies, 4 micrographs and 0 rejected ones, 40 picks, 36 particles, 36 of them in 2 2D"
        in said
    )
    readme = (summary.folder / "README.md").read_text()
    assert "Import Result Group" in readme
    assert (summary.folder / "provenance" / "lineage.jsonl").exists()


def test_a_group_says_where_its_columns_are(summary: CryosparcSummary) -> None:
    for group in summary.folder.glob("*.csg"):
        text = group.read_text()
        rows = table(summary, group.stem)
        results = re.findall(
            r"^  (\w+):\n    metafile: '>(.+)'\n    num_items: (\d+)\n    type: (\w+)\.\w+$",
            text,
            re.MULTILINE,
        )
        assert results
        for slot, file, count, kind in results:
            assert file == f"{group.stem}.cs"
            assert int(count) == len(rows)
            assert f"  type: {kind}\n" in text
            assert any(name.startswith(f"{slot}/") for name in rows.dtype.names or ())
        assert len(set(rows["uid"])) == len(rows)


def test_every_path_is_a_file(summary: CryosparcSummary) -> None:
    seen = set()
    for path in summary.folder.glob("*.cs"):
        rows = np.load(path)
        for name in rows.dtype.names:
            if name.endswith("/path") and name != "ctf/path":
                seen.add(name)
                for value in rows[name]:
                    assert value.startswith(b">"), (path.name, name)
                    assert (summary.folder / cs_text(value)).exists()
    assert {"movie_blob/path", "gain_ref_blob/path", "micrograph_blob/path", "blob/path"} <= seen


def test_units_and_places(summary: CryosparcSummary, session: HandoverSession) -> None:
    rows, exposures = table(summary, "particles"), table(summary, "exposures")
    first = session.taken[0]
    ours = rows[: len(first)]
    np.testing.assert_allclose(ours["location/center_x_frac"] * SHAPE[1], first.x, atol=1e-3)
    np.testing.assert_allclose(ours["location/center_y_frac"] * SHAPE[0], first.y, atol=1e-3)
    assert ours["location/micrograph_shape"][0].tolist() == list(SHAPE)
    np.testing.assert_allclose(ours["ctf/df2_A"], first.defocus_v)
    np.testing.assert_allclose(ours["ctf/df_angle_rad"], math.radians(31.0), rtol=1e-6)
    np.testing.assert_allclose(ours["ctf/phase_shift_rad"], math.radians(10.0), rtol=1e-6)
    assert ours["blob/psize_A"][0] == 2.0
    assert ours["location/micrograph_psize_A"][0] == OPTICS.pixel_size
    assert set(rows["blob/sign"]) == {1.0}
    assert set(rows["location/micrograph_uid"]) == set(exposures["uid"])
    assert set(exposures["micrograph_blob/format"]) == {b"MRC/2"}
    np.testing.assert_allclose(exposures["mscope_params/total_dose_e_per_A2"], 40 * 1.02)
    assert set(exposures["uid"]) == set(table(summary, "movies")["uid"])


def test_alignments_are_those_of_the_relion_project(
    summary: CryosparcSummary, session: HandoverSession, tmp_path: Path
) -> None:
    """RELION's own transform proves those; CryoSPARC's shifts and angles have the same signs."""
    project = export_relion(session.folder, tmp_path / "project").project
    data = read_star(next(project.glob("Class2D/job006/*_data.star")))["particles"]
    theirs = {
        (Path(name.split("@")[1]).stem, int(name.split("@")[0]) - 1): row
        for row, name in enumerate(data.text("rlnImageName"))
    }
    rows = table(summary, "particles_2D")
    order = [theirs[Path(cs_text(row["blob/path"])).stem, int(row["blob/idx"])] for row in rows]
    shift = rows["alignments2D/shift"] * rows["alignments2D/psize_A"][:, None]
    np.testing.assert_allclose(shift[:, 0], data.floats("rlnOriginXAngst")[order], atol=1e-4)
    np.testing.assert_allclose(shift[:, 1], data.floats("rlnOriginYAngst")[order], atol=1e-4)
    pose = np.degrees(rows["alignments2D/pose"])
    np.testing.assert_allclose(pose, data.floats("rlnAnglePsi")[order], atol=1e-3)
    classes = rows["alignments2D/class"] + 1
    np.testing.assert_array_equal(classes, data.integers("rlnClassNumber")[order])


def test_a_gain_is_laid_as_the_rows_of_a_tiff_are_stored(
    summary: CryosparcSummary, session: HandoverSession
) -> None:
    name = cs_text(table(summary, "movies")["gain_ref_blob/path"][0])
    given = read_mrc(session.folder / "raw" / "gain.mrc")
    np.testing.assert_allclose(read_mrc(summary.folder / name), given[::-1], rtol=1e-6)


def test_what_is_written_is_what_the_session_has(
    summary: CryosparcSummary, session: HandoverSession
) -> None:
    checked = verify_export(session.folder, summary.folder)
    assert [(one.name, one.checked, one.faults) for one in checked] == [
        ("particles", 36, []),
        ("particles_2D", 36, []),
        ("picks", 40, []),
    ]


def test_cryosparcs_own_reader_takes_every_table(summary: CryosparcSummary) -> None:
    dataset = pytest.importorskip("cryosparc.dataset", reason="cryosparc-tools is not installed")
    for path in sorted(summary.folder.glob("*.cs")):
        found = dataset.Dataset.load(path)
        rows = np.load(path)
        assert len(found) == len(rows)
        assert set(found.fields()) == set(rows.dtype.names)
        assert found["uid"].tolist() == rows["uid"].tolist()
        for name in rows.dtype.names:
            if rows[name].dtype.kind == "S":
                assert [str(one).encode() for one in found[name]] == rows[name].tolist()


def test_the_map_is_handed_over_with_its_halves(tmp_path: Path) -> None:
    session = HandoverSession(tmp_path / "session", exposures=1)
    ones = np.ones((64, 64, 64), np.float32)
    for name in ("map", "half1", "half2"):
        write_mrc(session.folder / f"pool/{name}.mrc", ones, 3.0, volume=True)
    session.reconstruct(halves=True)
    session.store.close()
    summary = export_cryosparc(session.folder, tmp_path / "groups")
    row = table(summary, "volume")[0]
    assert summary.volume
    assert row["map_half_B/shape"].tolist() == [64, 64, 64]
    assert row["map/psize_A"] == 3.0
    text = (summary.folder / "volume.csg").read_text()
    assert (
        "  map_half_A:\n    metafile: '>volume.cs'\n    num_items: 1\n    type: volume.blob" in text
    )


def test_exporting_again_writes_the_same(
    summary: CryosparcSummary, session: HandoverSession
) -> None:
    def digests() -> dict[str, str]:
        return {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in summary.folder.glob("*.cs")
        }

    before = digests()
    again = export_cryosparc(session.folder, summary.folder)
    assert digests() == before
    assert again.particles == summary.particles
    assert not list(summary.folder.rglob(UNFINISHED))


def test_what_is_missing_is_left_out_and_named(tmp_path: Path) -> None:
    session = HandoverSession(tmp_path / "session", exposures=2)
    next((session.folder / "work").glob("*.mrcs")).unlink()
    session.store.close()
    summary = export_cryosparc(session.folder, tmp_path / "groups")
    assert summary.particles == 9
    assert len(summary.damages) == 1
    assert any(".mrcs is missing" in sentence for sentence in cryosparc_sentences(summary))


def test_particles_with_flipped_phases_are_left_out(tmp_path: Path) -> None:
    session = HandoverSession(tmp_path / "session", exposures=1, flipped=True)
    session.store.close()
    summary = export_cryosparc(session.folder, tmp_path / "groups")
    assert (summary.picks, summary.particles, summary.flipped) == (10, 0, 9)
    assert not (summary.folder / "particles.csg").exists()


def test_a_session_of_micrographs(tmp_path: Path) -> None:
    """There are no movies, and the micrographs are links, as they are raw data."""
    session = HandoverSession(tmp_path / "session", exposures=2)
    make_micrographs(session)
    session.store.close()
    summary = export_cryosparc(session.folder, tmp_path / "groups")
    assert (summary.movies, summary.exposures, summary.particles) == (0, 2, 18)
    assert not (summary.folder / "movies.csg").exists()
    checked = verify_export(session.folder, summary.folder)
    assert not any(one.faults for one in checked)


def test_the_folder_of_a_relion_project_is_left_alone(
    session: HandoverSession, tmp_path: Path
) -> None:
    export_relion(session.folder, tmp_path / "project")
    with pytest.raises(FileExistsError, match="is a RELION project, and no folder of groups"):
        export_cryosparc(session.folder, tmp_path / "project")
