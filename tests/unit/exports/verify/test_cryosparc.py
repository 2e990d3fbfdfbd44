"""Faults of groups for CryoSPARC are found, and tables without columns are refused."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.lib.recfunctions as columns
import pytest

from icestream.exports.cryosparc import export_cryosparc
from icestream.exports.verify import verify_export
from icestream.exports.verify.cryosparc import is_cryosparc, read_cryosparc
from icestream.formats.errors import FormatError


@pytest.fixture(scope="module")
def exported(session: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_cryosparc(session, tmp_path_factory.mktemp("cs") / "groups").folder


@pytest.fixture
def folder(exported: Path, tmp_path: Path) -> Path:
    """A copy, to be spoilt."""
    return shutil.copytree(exported, tmp_path / "groups", symlinks=True)


def spoil(folder: Path, change: Callable[[np.ndarray], np.ndarray | None]) -> None:
    rows = np.load(folder / "particles.cs")
    changed = change(rows)
    with (folder / "particles.cs").open("wb") as file:
        np.save(file, rows if changed is None else changed)


def negative(rows: np.ndarray, name: str) -> None:
    rows[name] = -rows[name]


def other_end(rows: np.ndarray) -> None:
    rows["location/center_y_frac"] = (1 - 1 / 320) - rows["location/center_y_frac"]


FAULTS: dict[str, tuple[Callable[[np.ndarray], np.ndarray | None], str]] = {
    "y from the other end": (other_end, "the coordinates are mirrored along y"),
    "sign": (lambda rows: negative(rows, "blob/sign"), "own: the contrast is inverted"),
    "shape": (
        lambda rows: rows["location/micrograph_shape"].__setitem__(slice(None), (420, 320)),
        "are not where the files say: their places have nothing in common",
    ),
    "astigmatism": (lambda rows: negative(rows, "ctf/df_angle_rad"), "defocus angle -31°"),
    "degrees": (
        lambda rows: rows.__setitem__("ctf/phase_shift_rad", 10.0),
        "phase shift 572.958°, and not 10°",
    ),
    "order": (
        lambda rows: rows.__setitem__("blob/idx", (rows["blob/idx"] + 1) % 9),
        "are not where the files say",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found(session: Path, folder: Path, name: str) -> None:
    change, expected = FAULTS[name]
    spoil(folder, change)
    found = [fault for checked in verify_export(session, folder) for fault in checked.faults]
    assert any(expected in fault for fault in found), found


def test_picks_that_are_mirrored_are_found(session: Path, folder: Path) -> None:
    rows = np.load(folder / "picks.cs")
    rows["location/center_x_frac"] = (1 - 1 / 420) - rows["location/center_x_frac"]
    with (folder / "picks.cs").open("wb") as file:
        np.save(file, rows)
    checked = verify_export(session, folder)
    assert [one.name for one in checked if one.faults] == ["picks"]
    assert "the coordinates are mirrored along x" in checked[-1].faults[0]


def test_a_sample(exported: Path) -> None:
    assert is_cryosparc(exported)
    assert not is_cryosparc(exported / "particles")
    particles, aligned, picks = read_cryosparc(exported, 5)
    assert (particles.name, aligned.name) == ("particles", "particles_2D")
    assert len(particles.sample) == len(aligned.sample) == 5
    assert particles.total == 36
    assert (picks.name, picks.of, picks.total) == ("picks", "picks", 40)
    assert [one.number for one in picks.sample] == [0, 0, 0, 9, 9]


def test_missing_columns_are_named(session: Path, folder: Path) -> None:
    spoil(folder, lambda rows: columns.drop_fields(rows, "location/center_x_frac"))
    with pytest.raises(FormatError, match="rows with location/center_x_frac, found columns of"):
        verify_export(session, folder)


def test_a_group_without_images(session: Path, folder: Path) -> None:
    (folder / "particles.csg").write_text("group:\n  type: particle\nresults:\n")
    with pytest.raises(FormatError, match="a result location with its metafile, found none"):
        verify_export(session, folder)
