from pathlib import Path

import numpy as np
import pytest

from icestream.formats.mrc import write_mrc
from icestream.model import Micrograph, Optics, Picks
from icestream.protocol import ItemFailed
from icestream.protocol.conformance import problems
from icestream.protocols.pick_by_templates import (
    PickByTemplates,
    PickByTemplatesParameters,
    read_averages,
)

OPTICS = Optics(pixel_size=3.0, voltage=300.0)


def ball(side: int, contrast: float = 1.0) -> np.ndarray:
    """Projection of a ball of 120 Å."""
    y, x = np.indices((side, side)) - side // 2
    squared = 1 - (y**2 + x**2) / 20.0**2
    return (contrast * np.sqrt(np.clip(squared, 0, None))).astype(np.float32)


def micrograph(tmp_path: Path, shape: tuple[int, int] = (300, 400)) -> Micrograph:
    """Dark balls on a grid of 80 pixels, in noise."""
    image = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
    for cy in range(60, shape[0] - 40, 80):
        for cx in range(60, shape[1] - 40, 80):
            image[cy - 24 : cy + 24, cx - 24 : cx + 24] -= ball(48, 2.0)
    write_mrc(tmp_path / "m.mrc", image, 3.0)
    return Micrograph(exposure="e1", path=tmp_path / "m.mrc", shape=shape, optics=OPTICS)


def templates(tmp_path: Path) -> Path:
    """Two averages: a ball, and noise."""
    noise = np.random.default_rng(2).standard_normal((64, 64)).astype(np.float32)
    path = tmp_path / "averages.mrcs"
    write_mrc(path, np.stack([noise, ball(64, 2.0) + 0.02 * noise]), 3.0)
    return path


def on_balls(picks: Picks) -> np.ndarray:
    """Which picks are within 5 pixels of a ball's center."""
    off = [(np.asarray(c) - 60 + 40) % 80 - 40 for c in (picks.x, picks.y)]
    return np.hypot(*off) < 5


def test_is_a_good_plugin() -> None:
    assert problems(PickByTemplates) == []


@pytest.mark.parametrize("diameter", [None, 120.0])
def test_finds_what_the_template_shows(tmp_path: Path, diameter: float | None) -> None:
    wanted = PickByTemplatesParameters(
        templates=templates(tmp_path), template_classes=(2,), diameter=diameter
    )
    picks = PickByTemplates(wanted).process(micrograph(tmp_path), None)
    assert on_balls(picks).sum() == 12
    assert on_balls(picks).all()
    assert picks.diameter == pytest.approx(120, rel=0.1)
    assert picks.pixel_size == 3.0


def test_says_what_is_wrong_with_templates(tmp_path: Path) -> None:
    item = micrograph(tmp_path)
    with pytest.raises(ItemFailed, match="no templates were given"):
        PickByTemplates().process(item, None)
    path = templates(tmp_path)
    with pytest.raises(ItemFailed, match="no class 3, only 2"):
        read_averages(path, (1, 3))
    with pytest.raises(ItemFailed, match="cannot be read"):
        read_averages(tmp_path / "nowhere.mrcs", ())
    write_mrc(tmp_path / "blank.mrcs", np.zeros((1, 64, 64), np.float32), 3.0)
    wanted = PickByTemplatesParameters(templates=tmp_path / "blank.mrcs")
    with pytest.raises(ItemFailed, match="diameter cannot be measured"):
        PickByTemplates(wanted).process(item, None)
    small = micrograph(tmp_path, (60, 60))
    wanted = PickByTemplatesParameters(templates=path, template_classes=(2,))
    with pytest.raises(ItemFailed, match="two diameters"):
        PickByTemplates(wanted).process(small, None)


def test_summary_and_plots(tmp_path: Path) -> None:
    wanted = PickByTemplatesParameters(templates=templates(tmp_path), template_classes=(2,))
    step = PickByTemplates(wanted)
    picks = step.process(micrograph(tmp_path), None)
    assert "12 particles" in step.summarize([picks])
    assert "1 class averages" in step.summarize([picks])
    assert step.summarize([]) == ""
    assert [list(figure.y) for figure in step.plot([picks])] == [[12.0]] * 2
