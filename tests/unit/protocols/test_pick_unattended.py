from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from icestream.formats.mrc import write_mrc
from icestream.model import Ctf, Micrograph, Optics, Picks
from icestream.protocol import ItemFailed
from icestream.protocol.conformance import problems
from icestream.protocols.pick_by_log import PickByLog, PickByLogParameters
from icestream.protocols.pick_unattended import PickUnattended, PickUnattendedParameters

OPTICS = Optics(pixel_size=3.0, voltage=300.0)


def ball(side: int, contrast: float) -> np.ndarray:
    """Projection of a ball of 120 Å."""
    y, x = np.indices((side, side)) - side // 2
    squared = 1 - (y**2 + x**2) / 20.0**2
    return (contrast * np.sqrt(np.clip(squared, 0, None))).astype(np.float32)


def micrograph(tmp_path: Path, shape: tuple[int, int] = (380, 400), count: int = 12) -> Micrograph:
    """`count` dark balls on a grid of 80 pixels, in noise."""
    image = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
    for number in range(count):
        cy, cx = 60 + 80 * (number // 4), 60 + 80 * (number % 4)
        image[cy - 24 : cy + 24, cx - 24 : cx + 24] -= ball(48, 2.0)
    write_mrc(tmp_path / f"m{count}.mrc", image, 3.0)
    return Micrograph(exposure="e1", path=tmp_path / f"m{count}.mrc", shape=shape, optics=OPTICS)


def on_balls(picks: Picks) -> np.ndarray:
    """Which picks are within 5 pixels of a ball's center."""
    off = [(np.asarray(c) - 60 + 40) % 80 - 40 for c in (picks.x, picks.y)]
    return np.hypot(*off) < 5


def test_is_a_good_plugin() -> None:
    assert problems(PickUnattended) == []


def test_needs_no_diameter(tmp_path: Path) -> None:
    picks = PickUnattended().process(micrograph(tmp_path), None)
    assert on_balls(picks).sum() == 12
    assert on_balls(picks).mean() >= 0.85
    # Nobody knows yet how large the particle is: the boxes get room.
    assert (picks.diameter, picks.diameter_known) == (250.0, False)
    assert "diameter is not known yet" in PickUnattended().summarize([picks])


def test_a_given_diameter_is_that_of_picks_log(tmp_path: Path) -> None:
    item = micrograph(tmp_path)
    by_size = PickByLog(PickByLogParameters(diameter=120)).process(item, None)
    for wanted in (
        PickUnattendedParameters(diameter=120),
        PickUnattendedParameters(measured_diameter=120),
        PickUnattendedParameters(diameter=120, measured_diameter=300),
    ):
        picks = PickUnattended(wanted).process(item, None)
        assert picks.x.tolist() == by_size.x.tolist()
        assert picks.diameter == 120


def test_templates_come_before_the_size(tmp_path: Path) -> None:
    write_mrc(tmp_path / "a.mrcs", np.stack([ball(64, 2.0)]), 3.0)
    wanted = PickUnattendedParameters(
        templates=tmp_path / "a.mrcs", template_classes=(1,), measured_diameter=118.0
    )
    picks = PickUnattended(wanted).process(micrograph(tmp_path), None)
    assert on_balls(picks).sum() == len(picks) == 12
    assert picks.diameter == 118.0
    assert "1 2D class averages" in PickUnattended(wanted).summarize([picks])


def test_the_contrast_of_the_session_keeps_noise_out_where_the_ctf_is_known(tmp_path: Path) -> None:
    write_mrc(tmp_path / "a.mrcs", np.stack([ball(64, 20.0)]), 3.0)
    wanted = PickUnattendedParameters(templates=tmp_path / "a.mrcs", measured_diameter=120.0)
    ctf = Ctf(exposure="e1", optics=OPTICS, defocus_u=15000.0, defocus_v=15000.0, angle=0.0)
    empty = micrograph(tmp_path, count=0)
    assert len(PickUnattended(wanted).process(empty, ctf)) == 0


def test_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="diameter_max"):
        PickUnattendedParameters(diameter_min=100, diameter_max=90)
    tiny = micrograph(tmp_path, (30, 30), 0)
    with pytest.raises(ItemFailed, match="two diameters"):
        PickUnattended().process(tiny, None)


def test_summary_and_plots(tmp_path: Path) -> None:
    picks = PickUnattended().process(micrograph(tmp_path), None)
    assert "the size that stands out" in PickUnattended().summarize([picks])
    assert "blobs of 250" in PickUnattended(PickUnattendedParameters(diameter=250.0)).summarize(
        [picks]
    )
    assert PickUnattended().summarize([]) == ""
    assert [list(f.y) for f in PickUnattended().plot([picks])] == [[float(len(picks))]] * 2
