"""A made-up session with all that a screen may show."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import mrcfile
import numpy as np

from report_session import SampleSession

EXPOSURES = 60


@contextmanager
def grown(root: Path) -> Iterator[SampleSession]:
    """A session with classes, a map, the machine's load and an alert, which can go on growing."""
    root.mkdir()
    made = SampleSession(root / "grid", start=time.time() - 12.0 * EXPOSURES)
    made.grow(EXPOSURES)
    made.classify()
    made.reconstruct()
    made.measure(30)
    made.warn("warning", "the ice grows thicker", "")
    with closing(made.store):
        yield made


def complete(sample: SampleSession) -> None:
    """Add the voxels of its map, and a step that chooses among its classes."""
    z, y, x = np.mgrid[-32:32, -32:32, -32:32]
    ball = np.exp(-(((np.sqrt(z * z + y * y + x * x) - 14) / 4) ** 2)).astype(np.float32)
    with mrcfile.new(sample.folder / "pool" / "map.mrc", overwrite=True) as file:
        file.set_data(ball)
    sample.add_choice([True] * 17 + [False] * 7)
