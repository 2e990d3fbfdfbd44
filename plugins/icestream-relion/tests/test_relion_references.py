"""A reference in the box and pixels of the particles."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from icestream.formats import write_mrc
from icestream.model import Volume
from icestream.protocol import ItemFailed, Work
from icestream_relion.items import RelionParticles
from icestream_relion.references import lay_reference, resampled


def blobs(box: int, voxel: float) -> NDArray[np.float32]:
    """Three blobs of 30 Å, whose places are known in Å from the middle, voxel ``box // 2``."""
    axis = (np.arange(box) - box // 2) * voxel
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    density = np.zeros((box,) * 3)
    places = ((0, 0, 30), (-20, 10, 0), (25, -15, -20))
    for weight, (at_z, at_y, at_x) in enumerate(places, start=1):
        density += weight * np.exp(-((z - at_z) ** 2 + (y - at_y) ** 2 + (x - at_x) ** 2) / 450)
    return density.astype(np.float32)


@pytest.mark.parametrize(
    ("box", "voxel", "new", "pixel"), [(40, 5.0, 64, 3.1), (64, 3.0, 33, 6.2), (40, 5.0, 41, 5.0)]
)
def test_a_map_is_the_same_in_other_voxels(box: int, voxel: float, new: int, pixel: float) -> None:
    made, true = resampled(blobs(box, voxel), voxel, new, pixel), blobs(new, pixel)
    assert made.shape == (new,) * 3 and made.dtype == np.float32
    assert np.corrcoef(made.ravel(), true.ravel())[0, 1] > 0.995
    assert abs(float(made.max()) / float(true.max()) - 1) < 0.1


def test_what_is_beyond_the_old_box_is_nothing() -> None:
    made = resampled(np.ones((16, 16, 16), np.float32), 4.0, 32, 4.0)
    assert made[16, 16, 16] == pytest.approx(1) and made[0, 0, 0] == 0


def test_what_cannot_be_a_reference_is_told(
    work: Callable[..., Work], tmp_path: Path, monkeypatch: Any
) -> None:
    particles = RelionParticles(
        table=tmp_path / "t.star", stacks=(), exposures=(), particles=1, box=32, pixel_size=6.0,
        diameter=130.0, iteration=1,
    )  # fmt: skip
    none = Volume(particles=0, iteration=1, note="too few particles")
    with pytest.raises(ItemFailed, match="no map to begin with: too few particles"):
        lay_reference(none.map, none, None, particles, work())
    flat = write_mrc(tmp_path / "flat.mrc", np.ones((4, 32, 32), np.float32), 6.0, volume=True)
    with pytest.raises(ItemFailed, match="4 x 32 x 32, and no cube"):
        lay_reference(flat, None, None, particles, work())
    (tmp_path / "text.mrc").write_text("no map")
    with pytest.raises(ItemFailed, match="the reference cannot be read"):
        lay_reference(tmp_path / "text.mrc", None, None, particles, work())
