from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from icestream.formats.mrc import write_mrc
from icestream.model import Ctf, Micrograph, Optics, Picks, column
from icestream.protocol import ItemFailed
from icestream.protocol.conformance import problems
from icestream.protocols.pick_by_log import PickByLog, PickByLogParameters

OPTICS = Optics(pixel_size=3.0, voltage=300.0)


def micrograph(tmp_path: Path, shape: tuple[int, int] = (300, 400)) -> Micrograph:
    """Dark balls of 120 Å on a grid, in noise."""
    rng = np.random.default_rng(1)
    image = rng.standard_normal(shape).astype(np.float32)
    y, x = np.indices(shape)
    for cy in range(60, shape[0] - 40, 80):
        for cx in range(60, shape[1] - 40, 80):
            image -= 2.0 * np.sqrt(np.clip(1 - ((y - cy) ** 2 + (x - cx) ** 2) / 400.0, 0, None))
    write_mrc(tmp_path / "m.mrc", image.astype(np.float32), 3.0)
    return Micrograph(exposure="e1", path=tmp_path / "m.mrc", shape=shape, optics=OPTICS)


def on_balls(picks: Picks) -> np.ndarray:
    """Which picks are within 10 pixels of a ball's center."""
    off = [(c - 60 + 40) % 80 - 40 for c in (np.asarray(picks.x), np.asarray(picks.y))]
    return np.hypot(*off) < 10


def test_is_a_good_plugin() -> None:
    assert problems(PickByLog) == []
    assert [(p.name, p.optional) for p in PickByLog.inputs()] == [
        ("micrograph", False),
        ("ctf", True),
    ]


def test_finds_all_particles_of_a_micrograph(tmp_path: Path) -> None:
    picks = PickByLog(PickByLogParameters(diameter=120)).process(micrograph(tmp_path), None)
    assert picks.exposure == "e1"
    assert len(picks) == 12
    assert on_balls(picks).all()
    assert sorted(set(np.round((picks.x - 60) / 80).tolist())) == [0, 1, 2, 3]
    assert picks.diameter == 120
    assert picks.pixel_size == 3.0


def test_the_ctf_corrects_the_sign_of_the_contrast(tmp_path: Path) -> None:
    item = micrograph(tmp_path)
    # A phase plate at 180° shows protein bright at low frequencies.
    ctf = Ctf(
        exposure="e1", optics=OPTICS, defocus_u=500, defocus_v=500, angle=0, phase_shift=180.0
    )
    flipped = PickByLog(PickByLogParameters(diameter=120)).process(item, ctf)
    assert not on_balls(flipped).any()
    ignored = PickByLogParameters(diameter=120, use_ctf=False)
    assert on_balls(PickByLog(ignored).process(item, ctf)).sum() == 12


def test_two_diameters_give_the_range(tmp_path: Path) -> None:
    wanted = PickByLogParameters(diameter=100, diameter_max=140)
    picks = PickByLog(wanted).process(micrograph(tmp_path), None)
    assert len(picks) == 12
    assert picks.diameter == 140
    with pytest.raises(ValidationError, match="must not be below"):
        PickByLogParameters(diameter=140, diameter_max=100)


def test_says_why_a_micrograph_cannot_be_picked(tmp_path: Path) -> None:
    small = micrograph(tmp_path, (60, 60))
    with pytest.raises(ItemFailed, match="two diameters wide") as failure:
        PickByLog().process(small, None)
    assert failure.value.code == "picking-impossible"


def test_summary_and_plots() -> None:
    none = column(np.zeros(0))
    some = column(np.zeros(3))
    items = [
        Picks(exposure=name, x=c, y=c, score=c, diameter=120.0, pixel_size=1.0)
        for name, c in (("a", none), ("b", some), ("c", some))
    ]
    assert "6 particles" in PickByLog().summarize(items)
    assert PickByLog().summarize([]) == ""
    assert [list(figure.y) for figure in PickByLog().plot(items)] == [[0.0, 3.0, 3.0]] * 2
