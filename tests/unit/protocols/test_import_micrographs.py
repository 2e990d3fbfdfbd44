"""Micrographs that were aligned elsewhere are taken in as movies are."""

import time
from pathlib import Path

import numpy as np
import pytest

from icestream.formats.mrc import write_mrc
from icestream.model import Micrograph
from icestream.protocol import Cursor, Discovery
from icestream.protocol.conformance import problems
from icestream.protocols.folder_parameters import FolderParameters
from icestream.protocols.import_micrographs import ImportMicrographs

RNG = np.random.default_rng(4)


def _write(path: Path, frames: int | None = None, pixel_size: float = 1.1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (32, 48) if frames is None else (frames, 32, 48)
    return write_mrc(path, RNG.normal(size=shape).astype(np.float32), pixel_size)


def _take(folder: Path, **wanted: object) -> Discovery:
    values = {"pattern": str(folder), "voltage": 200.0, "metadata_wait": 0.0, **wanted}
    source = ImportMicrographs(FolderParameters(**values))  # type: ignore[arg-type]
    return source.discover(Cursor(None, time.time() + 100.0))


def test_it_is_a_good_protocol() -> None:
    assert problems(ImportMicrographs) == []


def test_images_are_taken_and_movies_are_told(tmp_path: Path) -> None:
    _write(tmp_path / "a.mrc")
    _write(tmp_path / "deep" / "a.mrc")
    _write(tmp_path / "movie.mrc", frames=6)
    found = _take(tmp_path)
    assert [item.exposure for item in found.items] == ["a", "a (deep)"]
    item = found.items[0]
    assert isinstance(item, Micrograph)
    assert (item.path, item.shape, item.group) == (tmp_path / "a.mrc", (32, 48), 1)
    assert (item.optics.pixel_size, item.optics.voltage) == (np.float32(1.1), 200.0)
    assert item.details is not None
    assert item.details.written is not None
    told = {alert.key: alert.message for alert in found.alerts}
    assert told["import.movies"].startswith(
        "not taken, as a micrograph is one image: movie.mrc (6 images)"
    )
    text = ImportMicrographs().summarize(found.items)
    assert text.startswith("2 micrographs of 48 x 32 pixels were taken in, at 200 kV")


def test_what_is_not_known_is_asked_for(tmp_path: Path) -> None:
    _write(tmp_path / "a.mrc", pixel_size=0.0)
    (refusal,) = _take(tmp_path).refused
    assert "give --pixel-size" in refusal.reason


def test_metadata_beside_them_are_used(tmp_path: Path) -> None:
    _write(tmp_path / "a.mrc")
    (tmp_path / "a.mrc.mdoc").write_text(
        "Voltage = 300\n[FrameSet = 0]\nTiltAngle = 4\nNumSubFrames = 40\n"
        "DateTime = 25-Sep-23  14:13:26\n"
    )
    (item,) = _take(tmp_path, voltage=None).items
    assert item.optics.voltage == 300.0
    assert item.details.tilt == 4.0


def test_only_metadata_that_are_needed_are_waited_for(tmp_path: Path) -> None:
    """The pixel size of what a program has aligned is in its header."""
    _write(tmp_path / "a.mrc")
    assert len(_take(tmp_path, metadata_wait=1e6).items) == 1
    assert _take(tmp_path, metadata_wait=1e6, voltage=None).items == []


@pytest.mark.parametrize(
    ("there", "taken"),
    [
        (["a", "a_DW", "a_DWS", "a_EVN", "a_ODD"], ["a_DW"]),
        (["a", "a_noDW", "a_PS"], ["a"]),
        (["a_patch_aligned", "a_patch_aligned_doseweighted", "a_background"], ["doseweighted"]),
        (["a", "a_noDW", "a_odd", "a_even"], ["a"]),
        (["a_odd", "b_noDW", "c_ps_1", "DW"], ["a_odd", "b_noDW", "c_ps_1", "DW"]),
        (["a_DW", "b"], ["a_DW", "b"]),
    ],
)
def test_one_sum_of_each_micrograph(tmp_path: Path, there: list[str], taken: list[str]) -> None:
    """As MotionCor, RELION, cryoSPARC and icestream write them side by side."""
    for name in there:
        _write(tmp_path / f"{name}.mrc")
    found = _take(tmp_path)
    assert len(found.items) == len(taken)
    for item, name in zip(found.items, sorted(taken), strict=True):
        assert item.path.stem.endswith(name)
    told = {alert.key: alert.message for alert in found.alerts}
    assert ("import.sums" in told) == (len(there) > len(taken))
    if there[0] == "a" and "a_DW" in there:
        assert "other sums: a.mrc (a_DW.mrc is taken), a_DWS.mrc (a_DW.mrc" in told["import.sums"]


def test_another_sum_is_taken_when_it_is_asked_for(tmp_path: Path) -> None:
    for name in ("a", "a_noDW"):
        _write(tmp_path / f"{name}.mrc")
    (item,) = _take(tmp_path, pattern=str(tmp_path / "*_noDW.mrc")).items
    assert item.path.name == "a_noDW.mrc"


def test_the_weighted_sum_may_follow_the_plain_one(tmp_path: Path) -> None:
    values = {"pattern": str(tmp_path), "voltage": 200.0, "metadata_wait": 0.0, "watch": True}
    source = ImportMicrographs(FolderParameters(**values))  # type: ignore[arg-type]
    now = time.time() + 100.0
    _write(tmp_path / "a.mrc")
    _write(tmp_path / "a_DW.mrc")
    names = [item.exposure for item in source.discover(Cursor(None, now)).items]
    _write(tmp_path / "b.mrc")
    names += [item.exposure for item in source.discover(Cursor(None, now + 1.0)).items]
    _write(tmp_path / "b_DW.mrc")
    names += [item.exposure for item in source.discover(Cursor(None, now + 3.0)).items]
    names += [item.exposure for item in source.discover(Cursor(None, now + 13.0)).items]
    assert names == ["a_DW", "b_DW"]


def test_a_micrograph_is_not_taken_again_when_it_is_weighted(tmp_path: Path) -> None:
    """The first of a session was taken before anybody knew that weighted sums come, too."""
    source = ImportMicrographs(
        FolderParameters(pattern=str(tmp_path), voltage=200.0, metadata_wait=0.0, watch=True)
    )
    now = time.time() + 100.0
    _write(tmp_path / "a.mrc")
    assert len(source.discover(Cursor(None, now)).items) == 1
    _write(tmp_path / "a_DW.mrc")
    found = source.discover(Cursor(None, now + 10.0))
    assert found.items == []
    assert any("a_DW.mrc (a.mrc is taken)" in alert.message for alert in found.alerts)
