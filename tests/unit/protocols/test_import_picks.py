"""Picks of other programs, as a step."""

from pathlib import Path

import numpy as np
import pytest

from handover_session import HandoverSession
from icestream.exports.cryosparc import export_cryosparc
from icestream.exports.relion import export_relion
from icestream.formats.picked import ListedPicks, write_picks
from icestream.model import Micrograph, Optics
from icestream.protocol import ItemFailed
from icestream.protocol.conformance import problems
from icestream.protocols.import_picks import ImportPicks, ImportPicksParameters

OPTICS = Optics(pixel_size=1.5, voltage=300.0)


def micrograph(name: str = "Grid_01", shape: tuple[int, int] = (320, 420)) -> Micrograph:
    return Micrograph(exposure=name, path=Path(f"{name}.mrc"), shape=shape, optics=OPTICS)


def listed(*places: tuple[float, float], box: float | None = None) -> ListedPicks:
    x, y = np.array(places, np.float64).reshape(-1, 2).T
    return ListedPicks(x=x, y=y, score=np.full(len(x), 0.5), box=box)


def step(source: Path | None, **wanted: object) -> ImportPicks:
    return ImportPicks(ImportPicksParameters(picks=source, **wanted))  # type: ignore[arg-type]


def test_is_a_good_plugin() -> None:
    assert problems(ImportPicks) == []
    assert [(p.name, p.optional) for p in ImportPicks.inputs()] == [("micrograph", False)]


@pytest.mark.parametrize(
    "name",
    [
        "Grid_01.box", "Grid_01_autopick.star",
        "Grid_01_patch_aligned_doseweighted_particles.coord",
        "012951868257382468663_Grid_01_fractions_patch_aligned.star", "grid_01_DW.txt",
    ],
)  # fmt: skip
def test_a_list_is_of_the_micrograph_that_is_called_alike(tmp_path: Path, name: str) -> None:
    write_picks(tmp_path / name, listed((10.0, 20.0), (30.0, 40.0), box=80.0))
    write_picks(tmp_path / "Grid_011.star", listed((1.0, 1.0)))
    picks = step(tmp_path).process(micrograph())
    assert picks.x.tolist() == [10.0, 30.0]
    assert picks.y.tolist() == [20.0, 40.0]
    assert not picks.diameter_known
    if name.endswith(".box"):
        assert picks.diameter == pytest.approx(80 * 1.5 / 1.5)
    assert step(tmp_path, diameter=120.0).process(micrograph()).diameter_known


def test_pixels_and_rows_of_other_micrographs(tmp_path: Path) -> None:
    write_picks(tmp_path / "Grid_01.star", listed((10.0, 20.0)))
    picks = step(tmp_path, pixel_size=3.0, mirror_y=True).process(micrograph())
    assert picks.x.tolist() == [20.0]
    assert picks.y.tolist() == [319.0 - 40.0]


def test_what_does_not_match_is_told(tmp_path: Path) -> None:
    for name in ("Grid_01", "Grid_02", "Other"):
        write_picks(tmp_path / f"{name}.star", listed((10.0, 20.0)))
    importing = step(tmp_path)
    items = [importing.process(micrograph(name)) for name in ("Grid_01", "Grid_02", "Grid_03")]
    assert [len(item) for item in items] == [1, 1, 0]
    said = importing.summarize(items)
    assert said.startswith("2 particles were picked in 3 micrographs (median 1 in each), elsewhere")
    assert "; 1 are in no list, such as Grid_03" in said
    assert "; 1 lists are of no micrograph that has come, such as Other" in said


def test_a_list_that_cannot_be_right_is_refused(tmp_path: Path) -> None:
    write_picks(tmp_path / "Grid_01.star", listed((10.0, 20.0), (500.0, 20.0)))
    with pytest.raises(ItemFailed, match="1 of 2 picks lie outside .* such as x 500, y 20"):
        step(tmp_path).process(micrograph())
    write_picks(tmp_path / "Grid_01_DW.star", listed((10.0, 20.0)))
    with pytest.raises(ItemFailed, match="has several lists of Grid_01: Grid_01, Grid_01_DW"):
        step(tmp_path).process(micrograph())
    (tmp_path / "Grid_01.star").write_text("no table")
    with pytest.raises(ItemFailed, match="the picks cannot be read"):
        step(tmp_path).process(micrograph())


def test_a_list_that_is_not_there_is_told_before_a_session_starts(tmp_path: Path) -> None:
    assert "set the parameter picks" in step(None).lacking()[0]
    assert "is not there" in step(tmp_path / "no.star").lacking()[0]
    assert not step(tmp_path).lacking()
    with pytest.raises(ItemFailed, match="no picks were given"):
        step(None).process(micrograph())
    with pytest.raises(ItemFailed, match="found none in the folder"):
        step(tmp_path).process(micrograph())


def test_a_list_that_is_written_again_is_read_again(tmp_path: Path) -> None:
    write_picks(tmp_path / "Grid_01.star", listed((10.0, 20.0)))
    importing = step(tmp_path)
    assert len(importing.process(micrograph())) == 1
    write_picks(tmp_path / "Grid_01.star", listed((10.0, 20.0), (30.0, 40.0)))
    assert len(importing.process(micrograph())) == 2


def test_what_a_session_hands_over_comes_back(tmp_path: Path) -> None:
    """Particles of CryoSPARC's groups and picks of a RELION project, on the same micrographs."""
    session = HandoverSession(tmp_path / "session", exposures=2)
    session.store.close()
    groups = export_cryosparc(session.folder, tmp_path / "groups").folder
    project = export_relion(session.folder, tmp_path / "project").project
    for one in session.taken:
        item = micrograph(one.exposure)
        for source in (groups / "particles.csg", project / "Extract/job005/particles.star"):
            picks = step(source).process(item)
            np.testing.assert_allclose(picks.x, one.x, atol=1e-3)
            np.testing.assert_allclose(picks.y, one.y, atol=1e-3)
        picks = step(project / "AutoPick/job004/autopick.star").process(item)
        assert len(picks) == len(one) + 1  # and the one whose box reaches over the rim
    turned = micrograph(session.taken[0].exposure, shape=(420, 320))
    with pytest.raises(ItemFailed, match="of 320 x 420 pixels, and this one has 420 x 320"):
        step(groups / "particles.cs").process(turned)


def test_a_score_that_is_in_no_list_is_not_known(tmp_path: Path) -> None:
    write_picks(tmp_path / "Grid_01.coord", listed((10.0, 20.0)))
    assert np.isnan(step(tmp_path).process(micrograph()).score).all()
